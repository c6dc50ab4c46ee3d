"""The named numbers of a synthetic province, read from TOML and refused where they have no meaning."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, fields
from datetime import date
from importlib import resources
from pathlib import Path
from typing import Any, TypeVar

from creditlab.errors import ParameterError, PeriodError
from creditlab.periods import parse_period
from creditlab.terms import SubjectKind

Section = TypeVar("Section")


@dataclass(frozen=True)
class Volume:
    """How much happens, and when."""

    seed: int
    records: int
    subjects: int
    first_day: date
    last_day: date
    last_delivery: date


@dataclass(frozen=True)
class Season:
    """The year's wave."""

    amplitude: float
    peak_month: int
    settled_days: int


@dataclass(frozen=True)
class Timeliness:
    """Shares of records received after the limit."""

    late_share: float
    late_departments: dict[str, float]


@dataclass(frozen=True)
class Feedback:
    """The department that mends, and from which month of events."""

    department: str
    from_month: str
    late_share_before: float
    late_share_after: float

    @property
    def first_day(self) -> date:
        """The first day after which its records are late less often."""
        return parse_period(self.from_month).start


@dataclass(frozen=True)
class Silence:
    """The department that stops, and from which month."""

    department: str
    from_month: str

    @property
    def first_day(self) -> date:
        """The first day without any delivery of the department."""
        return parse_period(self.from_month).start


@dataclass(frozen=True)
class Punctuality:
    """Shares of due periods served in time."""

    punctual_share: float
    omitted_share: float
    late_departments: dict[str, float]


@dataclass(frozen=True)
class Lifecycle:
    """What happens to records after they were first sent; shares, and two counts of files."""

    unreported: float
    correction: float
    withdrawal: float
    repeat: float
    dispute: float
    repair: float
    redelivered_files: int
    misrouted_files: int


@dataclass(frozen=True)
class Faults:
    """Shares of the records sent that have each flaw."""

    missing: float
    check_digit: float
    code_list: float
    type: float
    pattern: float
    date_order: float
    out_of_scope: float
    duplicate_key: float
    unregistered: float
    name_differs: float
    name_spelled: float
    code_spelled: float
    no_record_id: float
    no_subject_id: float
    no_event_date: float
    unknown_action: float


@dataclass(frozen=True)
class Files:
    """Departments (`xls`: items) whose files are not plain CSV."""

    gb18030: tuple[str, ...]
    bom: tuple[str, ...]
    tab: tuple[str, ...]
    xlsx: tuple[str, ...]
    xls: tuple[str, ...]


@dataclass(frozen=True)
class Unit:
    """A reporting unit: its share of volume, and how its late share compares with the mean."""

    weight: float
    late_factor: float


@dataclass(frozen=True)
class Parameters:
    """All named numbers, and the text that they were read from (it is written beside what it made)."""

    volume: Volume
    season: Season
    kinds: dict[SubjectKind, float]
    timeliness: Timeliness
    feedback: Feedback
    silence: Silence
    punctuality: Punctuality
    lifecycle: Lifecycle
    faults: Faults
    files: Files
    units: dict[str, Unit]
    text: str

    def late_share(self, department: str) -> tuple[float, float]:
        """The department's late share before and from the day of feedback on."""
        if department == self.feedback.department:
            return self.feedback.late_share_before, self.feedback.late_share_after
        share = self.timeliness.late_departments.get(department, self.timeliness.late_share)
        return share, share

    def punctual_share(self, department: str) -> float:
        """The share of due periods that the department serves in time."""
        return self.punctuality.late_departments.get(department, self.punctuality.punctual_share)


@dataclass(frozen=True)
class Preset:
    """A size that a province may have: records that happen in all, and enterprises in its register."""

    records: int
    enterprises: int


#: The large one is about what a province has in a year and a half.
PRESETS = {"large": Preset(records=100_000_000, enterprises=2_900_000)}


def load_parameters(
    path: Path | None = None, *, records: int | None = None, seed: int | None = None, preset: str | None = None
) -> Parameters:
    """Read the parameters of a synthetic province; their `text` is the file's with the given numbers in it.

    Parameters
    ----------
    path
        A file in the form of `data_samples/province.toml`; None reads the one that ships with the package.
    records
        Records that happen in all, instead of the file's; the register grows with them, up to the large preset's.
    seed
        Seed of the generator, instead of the file's.
    preset
        One of `PRESETS`: its register, whatever the number of records, and its records where none are given.

    Raises
    ------
    ParameterError
        If the file is missing or no TOML, or a section or number is missing, unknown or out of its range.

    Examples
    --------
    >>> load_parameters(records=1000).volume.records
    1000
    """
    text = _read(path)
    subjects = None
    if records is not None:
        if records < 1:
            raise ParameterError("a synthetic workspace needs at least one record", where="records")
        subjects = min(max(1000, records // 10), _register_of(PRESETS["large"], text, path))
    if preset is not None:
        if preset not in PRESETS:
            raise ParameterError("a preset is unknown", where="preset", do=f"Choose among {', '.join(PRESETS)}.")
        records = PRESETS[preset].records if records is None else records
        subjects = _register_of(PRESETS[preset], text, path)
    for name, value in (("seed", seed), ("records", records), ("subjects", subjects)):
        if value is not None:
            text = re.sub(rf"(?m)^{name} = \d+", f"{name} = {value}", text, count=1)
    return _build(_tables(text, path), text)


def _tables(text: str, path: Path | None) -> dict[str, Any]:
    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ParameterError("the parameters are no TOML", where=_name(path), do="Mend the syntax.") from error


def _register_of(preset: Preset, text: str, path: Path | None) -> int:
    """How many subjects of all kinds a register has that lists a preset's enterprises."""
    share = _tables(text, path).get("kinds", {}).get(str(SubjectKind.LEGAL_PERSON))
    if not isinstance(share, float) or not share:
        raise ParameterError("a share is not between 0 and 1", where=f"[kinds] {SubjectKind.LEGAL_PERSON}")
    return round(preset.enterprises / share)


def _name(path: Path | None) -> str:
    return path.name if path else "province.toml"


def _read(path: Path | None) -> str:
    if path is None:
        return (resources.files("creditlab.synth") / "data" / "province.toml").read_text(encoding="utf-8")
    try:
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError("the province's parameters can't be read", where=_name(path)) from error


def _section(kind: type[Section], tables: dict[str, Any], name: str) -> Section:
    table = tables.get(name)
    known = {one.name for one in fields(kind)}  # type: ignore[arg-type]
    if not isinstance(table, dict) or set(table) != known:
        odd = sorted(known ^ set(table if isinstance(table, dict) else ()))
        raise ParameterError("a parameter is missing or unknown", where=f"[{name}] {odd[0]}")
    for key, value in table.items():
        for number in value.values() if isinstance(value, dict) else [value]:
            if isinstance(number, float) and not 0 <= number <= 1 and key != "late_factor":
                raise ParameterError("a share is not between 0 and 1", where=f"[{name}] {key}")
    return kind(**{key: tuple(value) if isinstance(value, list) else value for key, value in table.items()})


def _build(tables: dict[str, Any], text: str) -> Parameters:
    units = {code: _section(Unit, tables.get("units", {}), code) for code in tables.get("units", {})}
    kinds = tables.get("kinds", {})
    if set(kinds) != set(SubjectKind):
        raise ParameterError("a kind of subject is missing or unknown", where="[kinds]")
    found = Parameters(
        _section(Volume, tables, "volume"),
        _section(Season, tables, "season"),
        {SubjectKind(kind): float(share) for kind, share in kinds.items()},
        _section(Timeliness, tables, "timeliness"),
        _section(Feedback, tables, "feedback"),
        _section(Silence, tables, "silence"),
        _section(Punctuality, tables, "punctuality"),
        _section(Lifecycle, tables, "lifecycle"),
        _section(Faults, tables, "faults"),
        _section(Files, tables, "files"),
        units,
        text,
    )
    for name, total in (("kinds", sum(found.kinds.values())), ("units", sum(u.weight for u in units.values()))):
        if abs(total - 1) > 1e-9:
            raise ParameterError("shares do not add up to 1", where=f"[{name}]")
    flaws = sum(getattr(found.faults, one.name) for one in fields(Faults))
    if flaws > 1:
        raise ParameterError("shares add up to more than 1", where="[faults]")
    try:
        days = found.feedback.first_day, found.silence.first_day
    except PeriodError as error:
        raise ParameterError("a month can't be read", where="[feedback], [silence]", do="Write 2026-01.") from error
    volume = found.volume
    if not volume.first_day <= min(days) <= max(days) <= volume.last_day <= volume.last_delivery:
        raise ParameterError("days are not in order", where="[volume], [feedback], [silence]")
    return found
