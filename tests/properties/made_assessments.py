"""Random methodologies and records, as Hypothesis strategies. All of it is made up."""

from __future__ import annotations

import calendar
import random
from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

from hypothesis import strategies as st

Row = dict[str, Any]
FIRST, LAST = date(2024, 1, 1), date(2027, 12, 31)
ITEMS = [f"I-{number}" for number in range(8)]
VALUES = ["kept", "broken", "other"]
LEVELS = ["A", "A-", "B+", "B", "B-", "C+", "C", "C-", "D"]
LEFT_OUT = ["withdrawn", "repaired", "date_order", "duplicate_key", "check_digit", "out_of_scope", "publication_ended"]
ADVERSE, FAVOURABLE = "adverse", "favourable"


def toml(value: Any) -> str:
    """A value as TOML writes it."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return f'"{value}"'
    if isinstance(value, list):
        return "[" + ", ".join(map(toml, value)) + "]"
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {toml(one)}" for key, one in value.items()) + " }"
    return str(value)


def text_of(content: dict[str, Any]) -> str:
    """A methodology's file."""
    lines = []
    for name in ("methodology", "decay"):
        lines += [f"[{name}]", *(f"{key} = {toml(value)}" for key, value in content[name].items())]
    for name in ("level", "dimension", "indicator", "override"):
        for one in content.get(name, []):
            lines += [f"[[{name}]]", *(f"{key} = {toml(value)}" for key, value in one.items())]
    return "\n".join(lines) + "\n"


def named(code: str) -> Row:
    return {"code": code, "name_zh": f"{code}_zh", "name_en": f"{code}_en"}


def based(code: str) -> Row:
    return {"legal_basis_zh": f"{code}_zh", "legal_basis_en": f"Article of {code}"}


@st.composite
def steps(draw: st.DrawFn, column: str, sign: int = 1) -> list[Row]:
    """A step table that fades; per cent, or points of one sign by days."""
    most = 100 if column == "percent" else 40
    bounds = sorted(draw(st.sets(st.integers(1, 60 if column == "percent" else 900), min_size=1, max_size=4)))
    least = 0 if column == "percent" else 1
    values = sorted(draw(st.lists(st.integers(least, most), min_size=len(bounds), max_size=len(bounds))), reverse=True)
    values[0] = max(values[0], 1)
    starts = [0, *bounds[:-1]]
    return [
        {"from": start, "below": below, column: sign * value}
        for start, below, value in zip(starts, bounds, values, strict=True)
    ]


@st.composite
def methodologies(draw: st.DrawFn, signs: tuple[int, ...] = (-1, 1)) -> dict[str, Any]:
    """What a methodology file may say: every kind of count, conditions, caps, an override."""
    thresholds = [*sorted(draw(st.sets(st.integers(801, 1099), min_size=8, max_size=8)), reverse=True), 0]
    levels = []
    for place, (code, start) in enumerate(zip(LEVELS, thresholds, strict=True)):
        above = {"below": thresholds[place - 1]} if place else {}
        levels.append({"code": code, "grade": code[0], "from": start, **above})
    indicators = []
    # Each item goes to one indicator, or to two that look at different values.
    for number, item in enumerate(ITEMS[:7]):
        for value in draw(st.sampled_from([(None,), ("kept",), ("broken",), ("kept", "broken")])):
            indicators.append(draw(indicator(f"i{number}{value or ''}", item, value, signs)))
    decays = {"slow": draw(steps("percent")), "quick": draw(steps("percent"))}
    override = named("o") | based("o") | {"items": [ITEMS[7]], "level": draw(st.sampled_from(LEVELS))}
    override["below_months"] = draw(st.integers(0, 40))
    return {
        "methodology": {
            "title_zh": "合成", "title_en": "Synthetic", "note_zh": "合成", "note_en": "Synthetic",
            "effective_from": FIRST, "effective_until": LAST, "subject_kinds": ["legal_person"],
            "base": 1000, "lowest": 0, "highest": 1100,
        },
        "decay": decays,
        "level": levels,
        "dimension": [named("d")],
        "indicator": indicators,
        "override": [override],
    }  # fmt: skip


@st.composite
def indicator(draw: st.DrawFn, code: str, item: str, value: str | None, signs: tuple[int, ...]) -> Row:
    sign, counted = draw(st.sampled_from(signs)), draw(st.sampled_from(["any", "count", "sum", "days_since"]))
    made: Row = named(code) | based(code) | {"dimension": "d", "items": [item], "counted": counted}
    if counted == "days_since":
        made["days"] = draw(steps("points", sign))
    else:
        made["points"] = sign * draw(st.integers(1, 60_000)) / Decimal(1000)
        made["decay"] = draw(st.sampled_from(["slow", "quick"]))
    if counted == "sum":
        made["per"] = draw(st.integers(1, 20))
    made["cap"] = draw(st.integers(60, 200))
    if value:
        made["when"] = {"field": "result", "values": [value]}
    if sign > 0 and draw(st.booleans()):
        made["in_force"] = True
    return made


def records(as_of: date, subjects: list[str], *, most: int = 40) -> st.SearchStrategy[list[Row]]:
    """Records of some subjects as evidence has them on a day."""
    days = st.integers(-40, 1900).map(lambda ago: as_of - timedelta(days=ago))
    record = st.fixed_dictionaries(
        {
            "subject_id": st.sampled_from([*subjects, "NOBODY"]),
            "item_code": st.sampled_from([*ITEMS, "ELSE"]),
            "event_date": days,
            "valid_until": st.none() | days,
            "amount": st.none() | st.decimals(-5, 3000, places=2),
            "outcome": st.none() | st.sampled_from(VALUES),
            "published_until": st.none() | days,
            "left_out": st.none() | st.none() | st.sampled_from([*LEFT_OUT, "disputed", "disputed"]),
        }
    )
    return st.lists(record, max_size=most).map(lambda rows: [whole(row, number) for number, row in enumerate(rows)])


def many_records(content: dict[str, Any], as_of: date, subjects: list[str], seed: int) -> list[Row]:
    """Records of many subjects, from none to a dozen each: more than could be drawn one by one.

    Every third day lies on a bound of the methodology's steps or next to one, where a mistake would show.
    """
    chosen = random.Random(seed)
    bounds = list(_bounds(content, as_of))

    def day() -> date:
        if chosen.random() < 0.35:
            return chosen.choice(bounds) + timedelta(days=chosen.choice([-1, 0, 0, 1]))
        return as_of - timedelta(days=chosen.randint(-40, 1900))

    def perhaps(make: Any) -> Any:
        return make() if chosen.random() < 0.5 else None

    found = []
    for subject in [*subjects, "NOBODY"]:
        for _ in range(chosen.choice([0, 1, 1, 2, 3, 5, 8, 12])):
            found.append(
                {
                    "subject_id": subject,
                    "item_code": chosen.choice([*ITEMS, "ELSE"]),
                    "event_date": day(),
                    "valid_until": perhaps(day),
                    "amount": perhaps(lambda: Decimal(chosen.choice([-500, 0, chosen.randint(0, 300_000)])) / 100),
                    "outcome": perhaps(lambda: chosen.choice(VALUES)),
                    "published_until": perhaps(day),
                    "left_out": chosen.choice([None, None, None, *LEFT_OUT[:2], "disputed", chosen.choice(LEFT_OUT)]),
                }
            )
    return [whole(row, number) for number, row in enumerate(found)]


def _bounds(content: dict[str, Any], as_of: date) -> Iterator[date]:
    """The days on which a record becomes too old for a step."""
    months = {step["below"] for decay in content["decay"].values() for step in decay}
    months |= {one["below_months"] for one in content["override"]}
    for number in sorted(months):
        year, month = divmod(as_of.year * 12 + as_of.month - 1 - number, 12)
        yield date(year, month + 1, min(as_of.day, calendar.monthrange(year, month + 1)[1]))
    for rule in content["indicator"]:
        for step in rule.get("days", []):
            yield as_of - timedelta(days=step["below"])
    yield as_of


def whole(row: Row, number: int) -> Row:
    """A record with what a finding shows of it."""
    about = {"subject_kind": "legal_person", "department": "D1", "region_code": "990100"}
    return about | row | {"record_id": f"R{number}", "key64": 1000 - number}


def on(rows: list[Row], as_of: date) -> list[Row]:
    """The same records as evidence has them on another day: what ended by then is left out."""
    found = []
    for row in rows:
        is_over = row["left_out"] is None and row["published_until"] is not None and row["published_until"] <= as_of
        found.append(row | {"left_out": "publication_ended"} if is_over else row)
    return found
