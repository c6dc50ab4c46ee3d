"""One subject's records out of very many: only what can hold them is read.

Compacted files are sorted by item and subject: the log, the bounds of row groups and their Bloom filters say
where a subject can be; files that were not compacted yet are searched as a whole.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING

import ibis

from creditlab.lake.reading import Snapshot

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: What a reversal does not repeat of the entry that it takes back.
_OF_THE_ENTRY = ("sign", "effective_on", "run_no")


def records_of(snapshot: Snapshot, subject_id: str, as_of: date) -> ir.Table:
    """The records of one subject, as they stood on a day.

    Whoever asks must be entitled to see them, and say what for (`rights`); nothing here looks at more than one subject.

    Parameters
    ----------
    snapshot
        The lake as known at a run.
    subject_id
        As it stands in the lake: folded, and for a natural person the pseudonym.

    Returns
    -------
    ibis Table
        One row per record, withdrawn ones included: the columns of an entry but sign, effective_on and run_no.
    """
    rows = snapshot.entries(subject_id=subject_id)
    if rows is None:
        rows = snapshot.table("records").filter(ibis.literal(False))
    rows = rows.filter(rows.effective_on <= as_of)
    kept = [name for name in rows.columns if name not in _OF_THE_ENTRY]
    standing = rows.group_by(kept).agg(held=rows.sign.cast("int64").sum())
    return standing.filter(standing.held > 0).select(kept)
