"""An edition as DCAT-AP, in JSON-LD: a catalog with one dataset an item, for portals that harvest catalogues."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date
from typing import TYPE_CHECKING, Any

from creditlab.catalogue.edition import Catalogue, Edition, Item
from creditlab.catalogue.reading import EditionText
from creditlab.catalogue.shown import is_in_full
from creditlab.catalogue.standards import TargetKind
from creditlab.terms import RightToUse, SecurityLevel, UpdatePeriod

if TYPE_CHECKING:
    from creditlab.catalogue.exports import Publisher

_AUTHORITY = "http://publications.europa.eu/resource/authority"
#: Written into each file, so that reading one needs nothing from elsewhere.
_CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_FREQUENCIES = {
    UpdatePeriod.EVENT: "IRREG",
    UpdatePeriod.DAY: "DAILY",
    UpdatePeriod.WEEK: "WEEKLY",
    UpdatePeriod.MONTH: "MONTHLY",
    UpdatePeriod.QUARTER: "QUARTERLY",
    UpdatePeriod.HALF_YEAR: "ANNUAL_2",
    UpdatePeriod.YEAR: "ANNUAL",
}
_ACCESS = {RightToUse.PUBLIC: "PUBLIC", RightToUse.AUTHORISED: "RESTRICTED", RightToUse.GOVERNMENT: "NON_PUBLIC"}


def dcat_of(
    edition: Edition,
    text: EditionText,
    beside: Catalogue,
    levels: Collection[SecurityLevel],
    publisher: Publisher,
) -> dict[str, Any]:
    """An edition as one JSON-LD object.

    Returns
    -------
    dict
        A dcat:Catalog with DCAT-AP's mandatory properties (title, description, publisher) and a dcat:Dataset an item
        (title, description). What an item is collected for and how is said only of items whose security level is one
        of `levels`.
    """
    base = f"{publisher.base.rstrip('/:')}{'/' if '://' in publisher.base else ':'}catalogue"
    maker = _Maker(base, edition, beside, levels)
    issued = text.details.get("published_on")
    scope_zh = f"{edition.year}年公共信用信息目录，共{len(edition.items)}项"
    scope_en = f"The public credit information catalogue of {edition.year}: {len(edition.items)} items"
    return {
        "@context": _CONTEXT,
        "@id": f"{base}:{edition.year}" if "://" not in base else f"{base}/{edition.year}",
        "@type": "dcat:Catalog",
        "dct:title": _texts(edition.title_zh or scope_zh, edition.title_en or scope_en),
        "dct:description": _texts(scope_zh, scope_en),
        "dct:publisher": maker.agent("publisher", publisher.name_zh, publisher.name_en),
        "dct:identifier": str(edition.year),
        "dct:language": [{"@id": f"{_AUTHORITY}/language/{one}"} for one in ("ZHO", "ENG")],
        **({"dct:issued": _day(issued)} if isinstance(issued, date) else {}),
        "dcat:dataset": [maker.dataset(item) for item in edition.items],
    }


class _Maker:
    def __init__(self, base: str, edition: Edition, beside: Catalogue, levels: Collection[SecurityLevel]) -> None:
        self._base, self._edition, self._beside, self._levels = base, edition, beside, levels
        self._first = date(edition.year, 1, 1)

    def dataset(self, item: Item) -> dict[str, Any]:
        in_full = is_in_full({"security_level": str(item.security_level)}, self._levels)
        agents = [self._department(code) for code in item.departments]
        scope = item.collection_scope if in_full else ""
        found = {
            "@id": self._name("item", item.item_code),
            "@type": "dcat:Dataset",
            "dct:identifier": item.item_code,
            "dct:title": _texts(item.item_name_zh, item.item_name_en),
            "dct:description": [{"@value": scope}] if scope else _texts(item.item_name_zh, item.item_name_en),
            # A dataset has one publisher; an item may have several providers.
            "dct:publisher": agents[0],
            "dct:creator": agents,
            "dct:accessRights": {"@id": f"{_AUTHORITY}/access-right/{_ACCESS[item.right_to_use]}"},
        }
        if in_full:
            found["dct:accrualPeriodicity"] = {"@id": f"{_AUTHORITY}/frequency/{_FREQUENCIES[item.update_period]}"}
            found["dct:conformsTo"] = self._conforms(item)
            found["dct:provenance"] = {
                "@type": "dct:ProvenanceStatement",
                "rdfs:label": f"{item.collection_procedure}; {item.collection_path}",
            }
            found["dcat:keyword"] = [word for word in (item.category, str(item.nature)) if word]
        return found

    def agent(self, code: str, zh: str, en: str) -> dict[str, Any]:
        return {"@id": self._name("agent", code), "@type": "foaf:Agent", "foaf:name": _texts(zh or code, en or code)}

    def _department(self, code: str) -> dict[str, Any]:
        one = self._beside.department_on(code, self._first)
        return self.agent(code, one.name_zh if one else "", one.name_en if one else "")

    def _conforms(self, item: Item) -> list[dict[str, Any]]:
        """The item's record schema, and the standards that rest under it in the edition's year."""
        schema = self._edition.format_of(item)
        lists = {one.code_list for one in schema.fields if one.code_list}
        labels = dict.fromkeys(
            standard.label
            for standard in self._beside.standards
            for target in standard.targets
            if (target.kind is TargetKind.CODE_LIST and target.name in lists)
            or (target.kind is not TargetKind.CODE_LIST and target.name.split(".", 1)[0] == schema.name)
            if standard.span.holds(self._first)
        )
        named = [(self._name("format", schema.name), schema.name)]
        named += [(self._name("standard", label.replace(" ", "-")), label) for label in labels]
        return [{"@id": name, "@type": "dct:Standard", "dct:title": title} for name, title in named]

    def _name(self, kind: str, code: str) -> str:
        sign = "/" if "://" in self._base else ":"
        return sign.join((self._base, str(self._edition.year), kind, code))


def _texts(zh: str, en: str) -> list[dict[str, str]]:
    named = [{"@value": zh, "@language": "zh"}] if zh else []
    return named + ([{"@value": en, "@language": "en"}] if en else [])


def _day(day: date) -> dict[str, str]:
    return {"@value": day.isoformat(), "@type": "xsd:date"}
