"""The gate for lists for publicity (Article 9): which entries an audience sees, organisations only.

An entry names an organisation and what was found about it, so it passes only where the catalogue lets everybody see its
item; figures that count entries are released like any others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import pyarrow as pa

from creditlab.catalogue.edition import Catalogue
from creditlab.disclosure.cube import CUBE_SCHEMA, Cube, CubeTable, count_cell
from creditlab.disclosure.gate import Release, release
from creditlab.disclosure.ledger import ReleaseLedger
from creditlab.disclosure.policy import Policy
from creditlab.errors import DisclosureError, PersonError
from creditlab.identifiers import PSEUDONYM_PREFIX, fold_identifier, holds_resident_id, is_natural_person_code
from creditlab.periods import Period
from creditlab.terms import Audience, PublicationMethod, SubjectKind

ENTRY_COUNT = "entry_count"
_SEAL = object()
Entry = Mapping[str, Any]


@dataclass(frozen=True, eq=False)
class PublicityRelease:
    """Lists for publicity as an audience may see them.

    Only `release_publicity` makes one.

    Attributes
    ----------
    release
        How many entries there are, by list and by list and item: figures of their own.
    entries
        The entries, in order of their list, item and subject.
    """

    release: Release
    entries: tuple[Entry, ...]
    _seal: object = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self._seal is not _SEAL:
            what, do = "a list reaches a reader through the gate only", "Call disclosure.release_publicity."
            raise DisclosureError(what, do=do)


def release_publicity(
    entries: Sequence[Entry],
    lists: Iterable[str],
    catalogue: Catalogue,
    audience: Audience,
    policy: Policy,
    ledger: ReleaseLedger,
    period: Period,
    as_of: date,
    run_no: int,
) -> PublicityRelease:
    """Let an audience see the entries of lists for publicity.

    Parameters
    ----------
    entries
        One row per entry: list_name, subject_id, subject_name, subject_kind, item_code, basis and what else is shown.
    lists
        The names of all lists; one without an entry is counted 0.
    catalogue
        Whose items say what may be seen.

    Returns
    -------
    PublicityRelease
        The entries whose item everybody may see and is published on a website, and the counts of these. For the
        government and internal audiences no other entries are added: a list for publicity is one list.

    Raises
    ------
    PersonError
        If an entry is about a natural person, or its text names one by number (Article 4).
    """
    _refuse_persons(entries)
    shown = []
    for entry in entries:
        item = catalogue.newest_item(entry["item_code"])
        if item is None or not policy.may_see(item.right_to_use, item.security_level, Audience.PUBLIC):
            continue
        if item.publication_method is PublicationMethod.WEBSITE:
            shown.append(entry)
    shown.sort(key=lambda one: (one["list_name"], one["item_code"], one["subject_id"], one["record_id"]))
    cube = Cube(_counts(shown, lists, period, as_of, run_no), period, as_of, run_no)
    return PublicityRelease(release(cube, Audience(audience), policy, ledger), tuple(shown), _SEAL)


def _refuse_persons(entries: Sequence[Entry]) -> None:
    identifiers = fold_identifier(pa.array([entry["subject_id"] for entry in entries], pa.string()))
    is_person = bool(is_natural_person_code(identifiers).any()) if len(entries) else False
    for entry in entries:
        is_person |= entry["subject_kind"] in {None, "", str(SubjectKind.NATURAL_PERSON)}
        is_person |= PSEUDONYM_PREFIX in entry["subject_id"].upper()
    texts = " | ".join(f"{entry['subject_name']} {entry.get('basis') or ''}" for entry in entries)
    if is_person or holds_resident_id(texts):
        what, do = "natural persons are never listed (Article 4)", "List organisations."
        raise PersonError(what, where="lists for publicity", do=do)


def _counts(entries: Iterable[Entry], lists: Iterable[str], period: Period, as_of: date, run_no: int) -> pa.Table:
    found: dict[tuple[str, str], int] = {(name, ""): 0 for name in lists}
    for entry in entries:
        for key in ((entry["list_name"], ""), (entry["list_name"], entry["item_code"])):
            found[key] = found.get(key, 0) + 1
    rows = [
        # Organisations only: whatever else the item covers, nobody of that is counted here.
        count_cell(
            CubeTable.PUBLICITY, ENTRY_COUNT, number, period, as_of, run_no, item_code=item_code, detail=str(name)
        )
        for (name, item_code), number in found.items()
    ]
    return pa.Table.from_pylist(rows, schema=CUBE_SCHEMA)
