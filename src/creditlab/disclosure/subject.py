"""The gate for one organisation's page: which of its records an audience sees.

A page about one subject is no statistic. So it is for those whom the catalogue lets see the items (Article 11, fields 5
and 12), and about organisations only (Article 4).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from creditlab.catalogue.edition import Catalogue, Item
from creditlab.disclosure.cube import CUBE_SCHEMA, Cube, CubeTable, count_cell
from creditlab.disclosure.gate import Release, release
from creditlab.disclosure.ledger import ReleaseLedger
from creditlab.disclosure.policy import Policy
from creditlab.errors import DisclosureError, PersonError
from creditlab.periods import Period
from creditlab.terms import Audience, SubjectKind

HELD, COUNTED, PUBLISHED, DISPUTED, IN_PERIOD = "held", "counted", "published", "disputed", "in_period"
_ORGANISATIONS = {str(one) for one in SubjectKind if one is not SubjectKind.NATURAL_PERSON}
_SEAL = object()


@dataclass(frozen=True, eq=False)
class SubjectRelease:
    """What an audience may see of one organisation's records.

    Only `release_subject` makes one.

    Attributes
    ----------
    release
        How many records there are, by item and in total: held, counted, published, disputed, of the period.
    records
        The rows of EVIDENCE that the audience may see, in their order.
    hidden_count
        Records that it may not see.
    """

    release: Release
    records: tuple[Mapping[str, Any], ...]
    hidden_count: int
    _seal: object = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            what, do = "an organisation reaches a reader through the gate only", "Call disclosure.release_subject."
            raise DisclosureError(what, do=do)


def release_subject(
    subject_kind: str,
    records: Sequence[Mapping[str, Any]],
    catalogue: Catalogue,
    audience: Audience,
    policy: Policy,
    ledger: ReleaseLedger,
    period: Period,
    as_of: date,
    run_no: int,
) -> SubjectRelease:
    """Let an audience see what it may of one organisation's records.

    Parameters
    ----------
    subject_kind, records
        What the subject is, and its rows of EVIDENCE.
    catalogue
        What the items' rights of use and security levels are.
    audience, policy, ledger
        For whom, by which rules, and what was released before.
    period, as_of, run_no
        What the page is about, the day of the state, the run that it is known at.

    Raises
    ------
    PersonError
        If the subject is no organisation.
    DisclosureError
        If it is for the public, which sees what is published where it is published.
    """
    audience = Audience(audience)
    if subject_kind not in _ORGANISATIONS:
        raise PersonError("a natural person has no page (Article 4)", where="subject")
    if audience is Audience.PUBLIC:
        raise DisclosureError(
            "a page about one subject is not for the public", where="audience", do="Name government or internal."
        )
    shown = [row for row in records if _may_see(catalogue.newest_item(row["item_code"]), audience, policy)]
    table = _counts(shown, period, as_of, run_no)
    return SubjectRelease(
        release(Cube(table, period, as_of, run_no), audience, policy, ledger),
        tuple(shown),
        len(records) - len(shown),
        _SEAL,
    )


def _may_see(item: Item | None, audience: Audience, policy: Policy) -> bool:
    """Internally everything; other authorities what they may use, of the levels that the policy shows them in full."""
    if audience is Audience.INTERNAL:
        return True
    return item is not None and policy.may_see(item.right_to_use, item.security_level, audience)


def _counts(records: Sequence[Mapping[str, Any]], period: Period, as_of: date, run_no: int) -> pa.Table:
    found: dict[tuple[str, str], int] = dict.fromkeys(
        ((name, "") for name in (HELD, COUNTED, PUBLISHED, DISPUTED, IN_PERIOD)), 0
    )
    for row in records:
        holds = {
            HELD: True,
            COUNTED: row["left_out"] is None,
            PUBLISHED: row["is_published"],
            DISPUTED: row["record_state"] == DISPUTED,
            IN_PERIOD: period.start <= row["event_date"] < period.end,
        }
        for name in (name for name, value in holds.items() if value):
            for item in ("", row["item_code"]):
                found[name, item] = found.get((name, item), 0) + 1
    rows = [
        # An organisation's own records: no other subject is in these figures.
        count_cell(CubeTable.SUBJECT, name, number, period, as_of, run_no, item_code=item)
        for (name, item), number in found.items()
    ]
    return pa.Table.from_pylist(rows, schema=CUBE_SCHEMA)
