"""A few organisations with records of every sort that a profile shows. All of it is synthetic."""

from __future__ import annotations

from collections.abc import Callable

from tests.reference.identifiers import resident_check
from tests.spec.tiny import Tiny, code, form_field, form_fields, row

FIRM, BODY, AGENCY, GONE, STRANGER = (code(start, number) for start, number in (
    ("91", 0), ("11", 1), ("91", 2), ("91", 3), ("91", 4)))  # fmt: skip
#: Persons: the register gives one the number that rows give to an organisation; the others say so themselves.
RELABELLED, TRADER = code("91", 5), code("92", 6)
#: The place 990100 is nobody's.
RESIDENT = "99010019800229001" + resident_check("99010019800229001")
ORGANISATIONS = "legal_person;government_body"
_SORTS = {
    "judgment": form_field("duty"),
    "contract": form_field("performed"),
    "honour": form_field("grade"),
    "list_entry": form_field("entry_state"),
}
_PENALTY = [form_field("penalty_kind"), form_field("document_no", role="key")]
_LICENCE = [form_field("licence_kind"), form_field("valid_until", role="valid_until", type="date")]
FIELDS = [
    one | {"data_format": name}
    for name, more in (
        *((name, [field]) for name, field in _SORTS.items()),
        ("penalty", _PENALTY),
        ("licence", _LICENCE),
    )
    for one in form_fields(*more, form_field("amount", role="amount", type="decimal"))
]
ITEMS = [
    {"item_code": item, "data_format": name, "category": category, "nature": nature, "publication_months": months,
     "subject_kinds": ORGANISATIONS, "departments": "D1", "reporting_level": "province"} | more
    for item, name, category, nature, months, more in (
        ("P-1", "penalty", "administrative_management", "negative", "36", {}),
        ("J-1", "judgment", "judicial", "neutral", "60", {}),
        ("C-1", "contract", "contract_performance", "neutral", "24", {}),
        ("M-1", "contract", "contract_performance", "neutral", "",
         {"information_kind": "market", "publication_method": "none", "right_to_use": "authorised"}),
        ("N-1", "contract", "credit_commitment", "neutral", "12", {}),
        ("H-1", "honour", "honour", "positive", "24", {}),
        ("L-1", "licence", "administrative_management", "neutral", "12", {}),
        ("S-1", "list_entry", "serious_dishonesty", "serious", "36", {}),
    )
]  # fmt: skip
REGISTER = (
    (FIRM, "legal_person", "甲公司", "990100", "A", "2015-03-01", ""),
    (BODY, "government_body", "甲局", "990000", "S", "2015-03-01", ""),
    (AGENCY, "legal_person", "<b>乙信用公司", "990200", "7295", "2015-03-01", ""),
    (GONE, "legal_person", "丙公司", "990100", "A", "2015-03-01", "2026-05-01"),
    (RELABELLED, "natural_person", "", "990100", "", "2015-03-01", ""),
)
#: item -> its rows: number, subject, day, outcome, and what else is not as usual.
Rows = dict[str, list[dict[str, str]]]


def _row(number: str, subject: str, day: str, **more: str) -> dict[str, str]:
    kind = "government_body" if subject == BODY else "legal_person"
    name = {one[0]: one[2] for one in REGISTER}.get(subject, "某公司")
    cells = {"subject_id": subject, "subject_kind": kind, "subject_name": name, "event_date": day}
    return row(number, **(cells | more))


ROWS: Rows = {
    "P-1": [
        _row("p1", FIRM, "2026-07-01", document_no="p1", penalty_kind="罚款", amount="2.5"),
        _row("p2", FIRM, "2026-08-03", document_no="p2", penalty_kind="吊销许可证", amount="1", note="=1+1"),
        _row("p3", FIRM, "2025-09-01", document_no="p3", penalty_kind="罚款"),
        _row("p4", FIRM, "2026-08-04", document_no="p4", penalty_kind="罚款", action="repair"),
        _row("p5", FIRM, "2026-08-05", document_no="p5", penalty_kind="罚款", action="withdraw"),
        _row("p6", FIRM, "2026-08-06", document_no="p6", penalty_kind="罚款", action="dispute"),
        _row("p7", AGENCY, "2026-08-06", document_no="p7", penalty_kind="警告"),
        _row("p8", RELABELLED, "2026-08-06", document_no="p8", penalty_kind="罚款"),
        _row("p9", TRADER, "2026-08-06", document_no="p9", penalty_kind="罚款"),
    ],
    "J-1": [_row("j1", BODY, "2026-07-06", duty="未履行"), _row("j2", BODY, "2026-07-07", duty="已履行")],
    "C-1": [_row("c1", BODY, "2026-07-08", performed="未履行"), _row("c2", FIRM, "2026-07-08", performed="已履行")],
    "M-1": [_row("m1", FIRM, "2026-07-09", performed="已履行"), _row("m2", AGENCY, "2026-07-09", performed="未履行")],
    "N-1": [_row("n1", BODY, "2026-07-10", performed="未履行"), _row("n2", FIRM, "2026-07-10", performed="")],
    "H-1": [_row("h1", BODY, "2026-07-13", grade="省级")],
    "L-1": [
        _row("l1", FIRM, "2026-07-14", licence_kind="普通", valid_until="2026-09-30"),
        _row("l2", FIRM, "2026-07-15", licence_kind="普通", valid_until="2031-07-14", subject_name="丁公司"),
        _row("l3", GONE, "2026-04-15", licence_kind="普通", valid_until="2031-07-14"),
    ],
    "S-1": [_row("s1", FIRM, "2026-07-16", entry_state="移出"), _row("s2", FIRM, "2026-07-16", entry_state="列入")],
}


def organisations(make_tiny: Callable[..., Tiny], name: str = "tiny") -> Tiny:
    """A workspace with all that taken in, on 2026-08-10."""
    tiny = make_tiny(ITEMS, FIELDS, name=name)
    tiny.register(*REGISTER)
    for item, rows in ROWS.items():
        tiny.deliver(rows, on="2026-08-10", item_code=item, region_code="990000")
    tiny.ingest()
    return tiny
