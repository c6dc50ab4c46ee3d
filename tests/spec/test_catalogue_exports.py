"""Exports: DCAT-AP by pyshacl, Data Packages by frictionless, and what of an item whose eyes see. All is synthetic."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable
from pathlib import Path

import frictionless
import pyshacl
import pytest
import rdflib

from creditlab.cli import main
from tests.conftest import ROOT
from tests.spec.tiny import Tiny, csv_text, form_field, form_fields, row

SHAPES = Path(__file__).with_name("dcat_ap_mandatory.ttl")
DCT = rdflib.Namespace("http://purl.org/dc/terms/")
DCAT = rdflib.Namespace("http://www.w3.org/ns/dcat#")
MORE = (
    form_field("sort", code_list="sorts"),
    form_field("fine", type="decimal", role="amount", minimum="0", maximum="100.5"),
    form_field("count", type="integer", minimum="1", maximum="9"),
    form_field("open", type="boolean"),
    form_field("here", one_of_group="place"),
    form_field("there", one_of_group="place"),
    form_field("until", type="date", role="valid_until", minimum="2026-01-01"),
)
FIELDS = form_fields(*MORE, note={"pattern": "[A-Z]{2}", "max_length": "2"})
ITEMS = [
    {},
    {"item_code": "B-1", "security_level": "internal", "right_to_use": "authorised", "update_period": "month"},
    {"item_code": "C-1", "security_level": "restricted", "right_to_use": "government", "data_format": "secretive"},
]
SECRETIVE = [one | {"data_format": "secretive"} for one in form_fields()]


@pytest.fixture
def tiny(make_tiny: Callable[..., Tiny]) -> Tiny:
    """An edition with an item of each security level."""
    return make_tiny(items=ITEMS, fields=[*FIELDS, *SECRETIVE])


def exported(tiny: Tiny, name: str, *words: str) -> Path:
    target = tiny.folder / name
    assert main(["--workspace", str(tiny.folder), "catalogue", "export", "2026", str(target), *words]) == 0
    return target


def graph_of(file: Path) -> rdflib.Graph:
    return rdflib.Graph().parse(data=file.read_text("utf-8"), format="json-ld")


def conforms(graph: rdflib.Graph) -> tuple[bool, str]:
    is_right, _, text = pyshacl.validate(graph, shacl_graph=str(SHAPES), advanced=False)
    return is_right, text


@pytest.mark.parametrize("words", [(), ("--audience", "internal"), ("--base", "https://example.org/credit")])
def test_dcat_has_what_the_profile_makes_mandatory(tiny: Tiny, words: tuple[str, ...]) -> None:
    is_right, text = conforms(graph_of(exported(tiny, "edition.jsonld", *words)))
    assert is_right, text


@pytest.mark.parametrize("lost", ["dct:title", "dct:description", "dct:publisher", "dcat:dataset"])
def test_the_shapes_notice_what_is_missing(tiny: Tiny, lost: str) -> None:
    file = exported(tiny, "edition.jsonld")
    content = json.loads(file.read_text("utf-8"))
    del content[lost]
    file.write_text(json.dumps(content), encoding="utf-8")
    assert not conforms(graph_of(file))[0]


def test_the_sample_province_is_exported_whole(tmp_path: Path) -> None:
    target = tmp_path / "edition.jsonld"
    assert main(["--workspace", str(ROOT / "data_samples"), "catalogue", "export", "2026", str(target)]) == 0
    graph = graph_of(target)
    is_right, text = conforms(graph)
    assert is_right, text
    with (ROOT / "data_samples" / "catalogue" / "2026" / "items.csv").open(encoding="utf-8", newline="") as handle:
        codes = {one["item_code"] for one in csv.DictReader(handle)}
    assert {str(one).rpartition(":")[2] for one in graph.subjects(rdflib.RDF.type, DCAT.Dataset)} == codes


def test_dcat_says_whose_an_item_is_and_how_it_is_used(tiny: Tiny) -> None:
    tiny.write(
        "catalogue/standards.csv",
        "standard,version,valid_from,valid_until,rests_on\nDB 1,2026,2026-01-01,,format:form\n"
        "DB 2,1,2027-01-01,,format:form\n",
    )
    graph = graph_of(exported(tiny, "edition.jsonld", "--audience", "government", "--base", "https://example.org/c"))
    start = "https://example.org/c/catalogue/2026"
    item = rdflib.URIRef(f"{start}/item/B-1")
    assert set(graph.objects(item, DCT.creator)) == {rdflib.URIRef(f"{start}/agent/{one}") for one in ("D1", "D2")}
    assert str(graph.value(item, DCT.accessRights)).endswith("/access-right/RESTRICTED")
    assert str(graph.value(item, DCT.accrualPeriodicity)).endswith("/frequency/MONTHLY")
    standards = {str(graph.value(one, DCT.title)) for one in graph.objects(item, DCT.conformsTo)}
    assert standards == {"form", "DB 1-2026"}
    assert {str(one) for one in graph.objects(item, DCAT.keyword)} == {"administrative_management", "neutral"}


@pytest.mark.parametrize(
    ("audience", "in_full"), [("public", {"A-1"}), ("government", {"A-1", "B-1"}), ("internal", {"A-1", "B-1", "C-1"})]
)
def test_an_item_that_is_not_for_all_eyes_is_named_only(tiny: Tiny, audience: str, in_full: set[str]) -> None:
    graph = graph_of(exported(tiny, "edition.jsonld", "--audience", audience))
    items = {str(one).rpartition(":")[2]: one for one in graph.subjects(rdflib.RDF.type, DCAT.Dataset)}
    assert set(items) == {"A-1", "B-1", "C-1"}
    assert {name for name, one in items.items() if graph.value(one, DCT.provenance)} == in_full
    folder = exported(tiny, "package", "--audience", audience)
    with (folder / "items.csv").open(encoding="utf-8", newline="") as handle:
        rows = {one["item_code"]: one for one in csv.DictReader(handle)}
    assert set(rows) == {"A-1", "B-1", "C-1"}
    assert {name for name, one in rows.items() if one["collection_path"]} == in_full
    assert all(one["departments"] and one["item_name_en"] and one["security_level"] for one in rows.values())
    assert (folder / "schemas" / "secretive.json").exists() == ("C-1" in in_full)


def test_a_policy_of_ones_own_says_what_is_shown(tiny: Tiny) -> None:
    levels = 'public = []\ngovernment = ["public"]\ninternal = ["public"]\n'
    numbers = "public = 10\ngovernment = 10\ninternal = 10\n"
    tiny.write("policy.toml", f"[natural_persons.threshold]\n{numbers}[catalogue.in_full]\n{levels}")
    tiny.write("creditlab.toml", '[workspace]\nsynthetic = true\n[paths]\npolicy = "policy.toml"\n')
    graph = graph_of(exported(tiny, "edition.jsonld"))
    assert list(graph.subject_objects(DCT.provenance)) == []


def test_the_package_is_valid(tiny: Tiny) -> None:
    folder = exported(tiny, "package", "--audience", "internal")
    report = frictionless.validate(str(folder / "datapackage.json"))
    assert report.valid, report.flatten(["type", "note"])
    package = frictionless.Package(str(folder / "datapackage.json"))
    assert [one.name for one in package.resources] == ["items", "template-form", "template-secretive"]
    with (folder / "templates" / "form.csv").open(encoding="utf-8") as handle:
        assert next(csv.reader(handle)) == [one["field"] for one in FIELDS]


def test_the_package_notices_a_wrong_item_list(tiny: Tiny) -> None:
    folder = exported(tiny, "package")
    text = (folder / "items.csv").read_text("utf-8")
    (folder / "items.csv").write_text(text + text.splitlines()[1] + "\n", encoding="utf-8")
    assert not frictionless.validate(str(folder / "datapackage.json")).valid


#: What is changed in a good row, and the fault that the platform finds.
CELLS = [
    ({}, None),
    ({"sort": "一"}, None),
    ({"sort": "三"}, "code_list:sort"),
    ({"note": "AB"}, None),
    ({"note": "ab"}, "pattern:note"),
    ({"note": "ABC"}, "max_length:note"),
    ({"fine": "100.5"}, None),
    ({"fine": "100.6"}, "maximum:fine"),
    ({"fine": "-1"}, "minimum:fine"),
    ({"fine": "much"}, "type:fine"),
    ({"count": "9"}, None),
    ({"count": "1.5"}, "type:count"),
    ({"count": "0"}, "minimum:count"),
    ({"open": "TRUE"}, None),
    ({"open": "perhaps"}, "type:open"),
    ({"until": "2026-01-01"}, None),
    ({"until": "2025-12-31"}, "minimum:until"),
    ({"until": "soon"}, "type:until"),
    ({"subject_name": ""}, "missing:subject_name"),
]


def test_a_table_schema_and_the_platform_agree_on_a_delivery(tiny: Tiny) -> None:
    folder = exported(tiny, "package")
    base = {one["field"]: "" for one in FIELDS} | {"here": "x", "fine": "5", "count": "3"}
    rows = [
        {**base, **{name: text for name, text in row(str(number)).items() if name in base}, **cells}
        for number, (cells, _) in enumerate(CELLS)
    ]
    tiny.deliver([{**one, "action": ""} for one in rows], on="2026-07-02")
    tiny.ingest()
    faults = {number: one["faults"] or [] for number, one in tiny.records().items()}
    descriptor = json.loads((folder / "schemas" / "form.json").read_text("utf-8"))
    schema = frictionless.Schema.from_descriptor(descriptor)
    columns = list(base)
    for number, (cells, fault) in enumerate(CELLS):
        expected = [] if fault is None else [fault]
        assert [one for one in faults[str(number)] if one in expected or not expected] == expected, cells
        file = tiny.folder / f"{number}.csv"
        file.write_text(csv_text(columns, [[rows[number][name] for name in columns]]), encoding="utf-8")
        report = frictionless.Resource(path=file.name, basepath=str(tiny.folder), schema=schema).validate()
        assert report.valid == (fault is None), (cells, report.flatten(["type", "note"]))


def test_codes_and_forms_of_a_schema_are_those_of_the_edition_s_year(tiny: Tiny) -> None:
    tiny.write(
        "catalogue/code_lists.csv",
        "code_list,code,name_zh,name_en,valid_from,valid_until\nsorts,old,旧,Old,,2025-12-31\n"
        "sorts,going,去,Going,,2026-06-30\nsorts,next,来,Next,2027-01-01,\n",
    )
    start = "standard,version,valid_from,valid_until,rests_on,pattern\n"
    within = "DB 1,1,2026-07-01,,field:form.note,[0-9]+\nDB 2,1,2020-01-01,,field:form.here,[a-z]+\n"
    tiny.write("catalogue/standards.csv", start + within)
    schema = json.loads((exported(tiny, "package") / "schemas" / "form.json").read_text("utf-8"))
    fields = {one["name"]: one.get("constraints", {}) for one in schema["fields"]}
    assert fields["sort"]["enum"] == ["going"]
    assert "pattern" not in fields["note"]  # it changes within the year
    assert fields["here"]["pattern"] == "(?:[a-z]+)"
    assert schema["primaryKey"] == "record_id"
