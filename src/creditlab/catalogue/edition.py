"""What an edition says: items with their twelve fields (Article 11), record schemas, and the lists beside them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from typing import Any

from creditlab.catalogue.history import DepartmentHistory
from creditlab.catalogue.span import ALWAYS, Span
from creditlab.catalogue.standards import DatedPattern, Standard, patterns_of
from creditlab.errors import CatalogueError
from creditlab.terms import (
    CoverageBasis,
    EditionState,
    FieldType,
    IdentifierPattern,
    InformationKind,
    Nature,
    PublicationMethod,
    ReportingLevel,
    RightToUse,
    Role,
    SecurityLevel,
    SubjectKind,
    UpdatePeriod,
)

_TIME_LIMIT = re.compile(r"(\d{1,4}) (working days|working day|days|day)")


@dataclass(frozen=True)
class TimeLimit:
    """Article 11, field 9: how many days after the event a record is still in time."""

    days: int
    is_working: bool

    @classmethod
    def parse(cls, text: str) -> TimeLimit | None:
        """Read `7 working days` or `20 days`; None where it is neither."""
        match = _TIME_LIMIT.fullmatch(" ".join(text.split()))
        return cls(int(match[1]), match[2].startswith("working")) if match else None

    def __str__(self) -> str:
        return f"{self.days} {'working ' if self.is_working else ''}days"


@dataclass(frozen=True)
class RecordField:
    """One row of fields.csv: a field of a record schema and the rules that its values keep."""

    name: str
    name_zh: str
    name_en: str
    type: FieldType
    required: bool
    one_of_group: str | None = None
    role: Role | None = None
    pattern: str | None = None
    code_list: str | None = None
    minimum: str | None = None
    maximum: str | None = None
    max_length: int | None = None


@dataclass(frozen=True)
class DataFormat:
    """A record schema: the fields that a delivery of an item carries (Article 11, field 4)."""

    name: str
    fields: tuple[RecordField, ...]

    def by_role(self, role: Role) -> tuple[RecordField, ...]:
        """The fields that have a role, in their order."""
        return tuple(one for one in self.fields if one.role is role)

    def name_of(self, role: Role) -> str | None:
        """The one field that has a role; None where the schema has none."""
        found = self.by_role(role)
        return found[0].name if found else None

    def required_name(self, role: Role) -> str:
        """The one field that has a role which every schema in use has."""
        return self.by_role(role)[0].name

    @property
    def identifier_pattern(self) -> IdentifierPattern:
        """What the subject's identifier is: `uscc` unless fields.csv says `local`."""
        found = self.by_role(Role.SUBJECT_ID)
        return IdentifierPattern.LOCAL if found and found[0].pattern == "local" else IdentifierPattern.USCC

    @property
    def required_count(self) -> int:
        """Required values of one record; a one-of group is one value."""
        groups = {one.one_of_group for one in self.fields if one.one_of_group}
        return sum(one.required and not one.one_of_group for one in self.fields) + len(groups)


@dataclass(frozen=True)
class Item:
    """One entry of the catalogue with its twelve fields (Article 11) and what analysis adds."""

    item_code: str
    departments: tuple[str, ...]
    item_name_zh: str
    item_name_en: str
    data_format: str
    right_to_use: RightToUse
    subject_kinds: tuple[SubjectKind, ...]
    collection_scope: str
    collection_procedure: str
    collection_path: str
    reporting_level: ReportingLevel
    time_limit: TimeLimit
    publication_method: PublicationMethod
    publication_months: int | None
    update_period: UpdatePeriod
    delivery_grace_days: int
    security_level: SecurityLevel
    information_kind: InformationKind
    category: str
    nature: Nature
    coverage_basis: CoverageBasis

    @property
    def covers_natural_persons(self) -> bool:
        """Whether records about natural persons may be among its records."""
        return SubjectKind.NATURAL_PERSON in self.subject_kinds


@dataclass(frozen=True)
class Edition:
    """One published year of the catalogue."""

    year: int
    state: EditionState
    title_zh: str
    title_en: str
    items: tuple[Item, ...]
    formats: tuple[DataFormat, ...]
    details: dict[str, Any] = field(default_factory=dict, compare=False)
    digest: str = ""

    @cached_property
    def item(self) -> dict[str, Item]:
        """Items by directory code."""
        return {one.item_code: one for one in self.items}

    @cached_property
    def format(self) -> dict[str, DataFormat]:
        """Record schemas by name."""
        return {one.name: one for one in self.formats}

    def format_of(self, item: Item) -> DataFormat:
        """The record schema of an item."""
        return self.format[item.data_format]


@dataclass(frozen=True)
class Department:
    """An authority that provides items."""

    code: str
    name_zh: str
    name_en: str


@dataclass(frozen=True)
class Region:
    """A reporting unit: province, prefecture or county, by region code (GB/T 2260)."""

    region_code: str
    name_zh: str
    name_en: str
    level: str
    parent: str


@dataclass(frozen=True)
class Code:
    """One value of a code list, and the days on which it may be used."""

    code: str
    name_zh: str
    name_en: str
    span: Span = ALWAYS


@dataclass(frozen=True)
class Catalogue:
    """The published editions and the lists beside them."""

    editions: tuple[Edition, ...]
    departments: dict[str, Department]
    regions: dict[str, Region]
    code_lists: dict[str, tuple[Code, ...]]
    digest: str = ""
    standards: tuple[Standard, ...] = ()
    history: DepartmentHistory = field(default_factory=DepartmentHistory)

    def edition_for(self, year: int) -> Edition:
        """The edition that applies to an event of a year: that year's, else the newest earlier one, else the earliest.

        Raises
        ------
        CatalogueError
            If no edition has been published.
        """
        if not self.editions:
            raise CatalogueError("no edition has been published", do="Publish one: creditlab catalogue publish YEAR.")
        earlier = [one for one in self.editions if one.year <= year]
        return max(earlier, key=lambda one: one.year) if earlier else min(self.editions, key=lambda one: one.year)

    def edition_on(self, day: date) -> Edition:
        """The edition that applies to an event of a day."""
        return self.edition_for(day.year)

    def item_in(self, edition: Edition, item_code: str) -> Item | None:
        """An item as an edition describes it, else as the newest edition that has it does; None where none has.

        A record outlives its item: what was in time for it is still said by the newest edition that has the item.
        """
        return edition.item.get(item_code) or self.newest_item(item_code)

    def newest_item(self, item_code: str) -> Item | None:
        """An item as the newest edition that has it describes it; None where none has."""
        newest_first = sorted(self.editions, key=lambda one: -one.year)
        return next((one.item[item_code] for one in newest_first if item_code in one.item), None)

    @cached_property
    def item_codes(self) -> tuple[str, ...]:
        """The items that any edition has."""
        return tuple(dict.fromkeys(item.item_code for edition in self.editions for item in edition.items))

    @cached_property
    def organisations_items(self) -> frozenset[str]:
        """The items that cover organisations only, in every edition that has them."""
        items = [item for edition in self.editions for item in edition.items]
        return frozenset(self.item_codes) - {item.item_code for item in items if item.covers_natural_persons}

    def dated_patterns(self, data_format: str, field: str) -> tuple[DatedPattern, ...]:
        """The forms that standards prescribe for a field, each with the days in which it is in force (Article 10)."""
        return patterns_of(self.standards, data_format, field)

    def department_on(self, code: str, day: date) -> Department | None:
        """A department as it was called on a day; None where departments.csv lacks it."""
        one, spell = self.departments.get(code), self.history.on(code, day)
        if one is None or spell is None:
            return one
        return Department(code, spell.name_zh or one.name_zh, spell.name_en or one.name_en)

    def is_provider(self, item: Item, code: str, day: date) -> bool:
        """Whether a department provides an item on a day: itself, as another's heir, or under its own old code."""
        heir = self.history.heir
        return heir(code, day) in {heir(one, day) for one in item.departments}

    def after_mergers(self, day: date) -> Catalogue:
        """The catalogue with each item's providers as they are merged by a day; itself where none is."""
        heirs = self.history.heirs_on(day)
        if not heirs:
            return self

        def follow(item: Item) -> Item:
            providers = tuple(dict.fromkeys(heirs.get(code, code) for code in item.departments))
            return item if providers == item.departments else replace(item, departments=providers)

        editions = tuple(replace(one, items=tuple(map(follow, one.items))) for one in self.editions)
        return replace(self, editions=editions)

    def units_at(self, level: ReportingLevel) -> tuple[str, ...]:
        """The codes of the regions of a reporting level, in order."""
        return tuple(code for code, region in self.regions.items() if region.level == level)

    def expected_cells(self, edition: Edition) -> list[tuple[Item, str, str]]:
        """The (item, department, unit) cells that an edition expects deliveries from."""
        return [
            (item, department, unit)
            for item in edition.items
            for department in item.departments
            for unit in self.units_at(item.reporting_level)
        ]
