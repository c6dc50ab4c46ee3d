"""A tiny workspace with a methodology: penalties, contracts and honours about four made-up organisations."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

from creditlab import engine
from creditlab.assessing import take_assessment
from creditlab.assessment import Approval, parse_methodology, seal_text
from tests.spec.tiny import Tiny, code, form_field, form_fields, row

AS_OF = "2026-10-20"
ONE, TWO, THREE, FOUR = (code(number=number) for number in (1, 2, 3, 4))
NAME = "made"
METHODOLOGY = """
[methodology]
title_zh = "合成"
title_en = "Synthetic"
note_zh = "合成"
note_en = "Made up for a test."
effective_from = 2026-01-01
effective_until = 2026-12-31
subject_kinds = ["legal_person"]
base = 1000
lowest = 0
highest = 1100

[decay]
slow = [{ from = 0, below = 12, percent = 100 }, { from = 12, below = 24, percent = 50 }]

[[level]]
code = "A"
grade = "A"
from = 1005

[[level]]
code = "B"
grade = "B"
from = 980
below = 1005

[[level]]
code = "C"
grade = "C"
from = 0
below = 980

[[dimension]]
code = "law"
name_zh = "守法"
name_en = "Law"

[[indicator]]
code = "penalties"
dimension = "law"
name_zh = "处罚"
name_en = "Penalties"
items = ["P-1"]
counted = "count"
points = -15
cap = 60
decay = "slow"
legal_basis_zh = "第三条"
legal_basis_en = "Article 3"

[[indicator]]
code = "broken"
dimension = "law"
name_zh = "违约"
name_en = "Broken contracts"
items = ["C-1"]
counted = "count"
points = -30
cap = 60
decay = "slow"
when = { field = "performed", values = ["未履行"] }
legal_basis_zh = "第八条"
legal_basis_en = "Article 8"

[[indicator]]
code = "honours"
dimension = "law"
name_zh = "荣誉"
name_en = "Honours"
items = ["H-1"]
counted = "any"
points = 10
cap = 10
decay = "slow"
legal_basis_zh = "第九条"
legal_basis_en = "Article 9"
"""


def seal(tiny: Tiny, text: str = METHODOLOGY, name: str = NAME) -> None:
    """Write a methodology as approved."""
    tiny.write(f"methodologies/{name}.toml", text)
    digest = parse_methodology(name, text).digest
    tiny.write(f"methodologies/{name}.seal.toml", seal_text(digest, Approval("nobody", "1", date(2025, 12, 20))))


def assessable(make_tiny: Callable[..., Tiny], kinds: str = "legal_person") -> Tiny:
    """The workspace, with nothing delivered."""
    form = form_fields(form_field("valid_until", type="date", role="valid_until"), form_field("case", role="key"))
    contract = [*form_fields(form_field("performed", code_list="performed"))]
    fields = [*form, *(one | {"data_format": "contract"} for one in contract)]
    items = [
        {"item_code": "P-1", "nature": "negative", "subject_kinds": kinds, "publication_months": "36"},
        {"item_code": "C-1", "data_format": "contract", "subject_kinds": kinds, "publication_months": "36"},
        {"item_code": "H-1", "nature": "positive", "subject_kinds": kinds, "publication_months": "36"},
    ]
    tiny = make_tiny(items, fields)
    tiny.write(
        "catalogue/code_lists.csv",
        "code_list,code,name_zh,name_en\nperformed,已履行,已履行,Performed\nperformed,未履行,未履行,Not performed\n",
    )
    tiny.register(*((one, "legal_person", f"{one}公司", "990100", "A", "2015-03-01", "") for one in (ONE, TWO, THREE)))
    seal(tiny)
    return tiny


def penalty(record_id: str, subject: str = ONE, **changes: str) -> dict[str, str]:
    """A penalty without a fault, whose matter is its own, unless changed."""
    return row(record_id, **({"subject_id": subject, "case": record_id} | changes))


def standings(tiny: Tiny, as_of: str = AS_OF, run_no: int | None = None) -> dict[str, dict[str, Any]]:
    """How each organisation stands."""
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        taken = take_assessment(tiny.workspace, backend, date.fromisoformat(as_of), run_no=run_no)
        return {one["subject_id"]: one for one in backend.to_pyarrow(taken.assessment.table()).to_pylist()}


def findings(tiny: Tiny, as_of: str = AS_OF) -> dict[str, dict[str, Any]]:
    """The findings by record."""
    with engine.connect(folders=[tiny.workspace.lake]) as backend:
        taken = take_assessment(tiny.workspace, backend, date.fromisoformat(as_of))
        found = backend.to_pyarrow(taken.assessment.findings()).to_pylist()
    assert len({one["record_id"] for one in found}) == len(found)
    return {one["record_id"]: one for one in found}
