"""Workspaces that are ingested under kills and by several writers. All of it is synthetic."""

from __future__ import annotations

import shutil
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from tests.reference.generator import make_resident_id
from tests.spec.tiny import REGIONS, Tiny, code, csv_text, form_field, form_fields

SETTINGS = """[workspace]
title_en = "Tiny"
synthetic = true

[paths]
catalogue = "catalogue"
inbox = "inbox"
ledger = "ledger.csv"
subjects = "subjects.csv"

[calendar]
country = "CN"
"""


def write_workspace(folder: Path) -> Tiny:
    """A workspace with two departments and two prefectures, without an edition and with nothing delivered."""
    tiny = Tiny(folder)
    tiny.write("creditlab.toml", SETTINGS)
    tiny.write("catalogue/departments.csv", "department,name_zh,name_en\nD1,甲局,Bureau A\nD2,乙局,Bureau B\n")
    tiny.write("catalogue/regions.csv", csv_text(("region_code", "name_zh", "name_en", "level", "parent"), REGIONS))
    tiny.write("catalogue/code_lists.csv", "code_list,code,name_zh,name_en\nsorts,一,一,One\n")
    tiny.register((code(), "legal_person", "甲公司", "990100", "A", "2015-03-01", ""))
    tiny.ledger(("A-1", "D1", "990100", "2026-07", 3))
    return tiny


PERSON = make_resident_id(Random(1))
ACTIONS = ["", "", "", "add", "correct", "correct", "withdraw", "dispute", "resolve", "repair"]


def make_rows(seed: int) -> list[dict[str, str]]:
    """Rows about few records, so that most of them meet one that is known; now and then one that can't be used."""
    random = Random(seed)
    return [
        {
            "record_id": random.choice(["r1", "r1", "R1 ", "r2", "ｒ2", "r3", "r4"] * 4 + [" "]),
            "subject_id": random.choice([code(), code(), code(number=1), code("11"), PERSON, "91"] * 4 + ["—"]),
            "subject_name": random.choice(["甲公司", "甲公司", "甲公司", "甲（公司）", ""]),
            "subject_kind": random.choice(["legal_person", "legal_person", "legal_person", "government_body"]),
            # Of three editions' years, one day of them after some days of delivery; seldom one that is none.
            "event_date": random.choice(
                ["2026-07-01", "2026-07-01", "2026/7/5", "2025-12-30", "2024-02-29"] * 4 + ["2026-02-30"]
            ),
            "case_no": random.choice(["", "K1", "K1", "k2"]),
            "note": random.choice(["", "x", "x", "x", "long note"]),
            "action": random.choice(ACTIONS * 3 + ["delete"]),
        }
        for _ in range(random.randint(2, 9))
    ]


_KEYED = form_field("case_no", role="key")
_PLAIN = form_field("case_no", required="true")


def _two_forms(fields: list[dict[str, str]]) -> list[dict[str, str]]:
    """The same fields as two record schemas, so that there are two payload tables."""
    return [one | {"data_format": name} for name in ("form", "other") for one in fields]


ITEMS: list[dict[str, str]] = [
    {},
    {"item_code": "B-1", "data_format": "other", "departments": "D1", "collection_time_limit": "3 days"},
]
#: What editions change: natural keys, required values, lengths, time limits, kinds covered.
EDITIONS: dict[int, tuple[list[dict[str, str]], list[dict[str, str]]]] = {
    2025: (ITEMS, _two_forms(form_fields(_KEYED))),
    2024: ([ITEMS[0], ITEMS[1] | {"collection_time_limit": "2 working days"}], _two_forms(form_fields(_PLAIN))),
    2026: (
        [{"subject_kinds": "legal_person;natural_person", "collection_time_limit": "20 days"}, ITEMS[1]],
        _two_forms(form_fields(_PLAIN, note={"required": "true", "max_length": "3"})),
    ),
}


def write_first(folder: Path, key: bytes = b"synthetic key, good for tests only, never for persons") -> Tiny:
    """A workspace with an edition and a key that is always the same, so that two of them can be compared."""
    tiny = write_workspace(folder)
    tiny.edition(2025, *EDITIONS[2025])
    tiny.write("keys/pseudonym.key", key).chmod(0o600)
    return tiny


def write_instalment(tiny: Tiny, number: int, deliveries: int = 6) -> None:
    """Announce some deliveries more: any order of arrival, the same file again, nothing, and what can't be read.

    With the second the register changes, with the third a new edition is published and the ledger changes.
    """
    random = Random(number)
    for place in range(deliveries):
        day = random.choice((2, 3, 9, 20))
        cells = {
            "item_code": random.choice(["A-1"] * 6 + ["B-1"] * 4 + ["Z-9"]),
            "department": random.choice(["D1"] * 4 + ["D2"]),
            "region_code": random.choice(["990100"] * 5 + ["990200"] * 4 + ["999999"]),
        }
        # A fresh set of records with each instalment, beside those that every one is about.
        rows = make_rows(1000 * number + place)
        rows += [one | {"record_id": f"i{number}-{one['record_id']}"} for one in make_rows(1000 * number + 500 + place)]
        tiny.deliver(rows, f"2026-07-{day:02d}T{random.choice(('09:00:00+08:00', '16:30:00+00:00'))}", **cells)
    tiny.manifest.append(random.choice(tiny.manifest) | {"delivered_at": f"2026-07-2{number % 9}T10:00:00+08:00"})
    tiny.deliver(None, "2026-07-21", department="D2")
    tiny.deliver("record_id,note\n1\n", "2026-07-21")
    if number == 2:
        subjects = [(code(number=1), "legal_person", "甲公司", "990200", "A", "2015-03-01", "")]
        tiny.register((code(), "legal_person", "甲公司", "990100", "A", "2015-03-01", ""), *subjects)
    if number == 3:
        tiny.edition(2024, *EDITIONS[2024])
        tiny.ledger(("A-1", "D1", "990100", "2026-07", 3), ("A-1", "D2", "990200", "2026-07", 1))


def share(whole: Tiny, base: Path, writers: int) -> list[Tiny]:
    """Workspaces that each have a part of a workspace's deliveries, and one lake together.

    No two deliveries come at one moment any more: their order would follow from their rows in one manifest.
    """
    for number, one in enumerate(whole.manifest):
        one["delivered_at"] = (datetime.fromisoformat(one["delivered_at"]) + timedelta(microseconds=number)).isoformat()
    whole.write_manifest()
    parts = []
    for number in range(writers):
        part = Tiny(base / f"writer-{number}", whole.manifest[number::writers])
        shutil.copytree(whole.folder, part.folder, ignore=shutil.ignore_patterns("lake"))
        part.write("creditlab.toml", SETTINGS.replace("[paths]", f'[paths]\nlake = "{base / "lake"}"'))
        part.write_manifest()
        parts.append(part)
    return parts
