"""Natural persons are never scored, by whatever name: in a sample, or in the rows that a card is put on (Article 4)."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from creditlab.assessment import refuse_persons
from creditlab.errors import PersonError
from creditlab.identifiers import PSEUDONYM_PREFIX, fold_identifier, is_natural_person_code, mask_resident_ids
from creditlab.profiles import ORGANISATIONS

if TYPE_CHECKING:
    import ibis.expr.types as ir

_DO = "Score organisations; about one person there is only a statement, for somebody entitled to it."
#: Long enough a number for a resident's in any script, or the beginning of a pseudonym.
_SUSPECT = r"(\p{N}\P{N}*){17}|[PpＰｐ]\s*\p{Pd}"


class Identifier(StrEnum):
    """How subjects are named: by credit codes, which tell sole traders, or by numbers of somebody's own."""

    USCC = "uscc"
    LOCAL = "local"


def refuse_scored_persons(rows: ir.Table, identifier: Identifier, where: str) -> None:
    """Refuse rows that are about a natural person.

    Parameters
    ----------
    rows
        subject_id and subject_kind: nobody is scored who is not said to be an organisation.
    identifier
        Credit codes are looked into; of other numbers the kind decides, but a resident number or a pseudonym is a
        person's in any case.

    Raises
    ------
    PersonError
        If there is one; the message names nobody.
    """
    if "subject_kind" not in rows.columns:
        raise PersonError("it is not said whether subjects are organisations (Article 4)", where=where, do=_DO)
    if identifier is Identifier.USCC:
        refuse_persons(rows, where)
    kinds = [str(one) for one in ORGANISATIONS]
    others = rows.filter(rows.subject_id.isnull() | ~rows.subject_kind.fill_null("").isin(kinds))
    if others.limit(1).count().to_pyarrow().as_py():
        raise PersonError("natural persons are never scored (Article 4)", where=where, do=_DO)
    if identifier is Identifier.LOCAL:
        suspects = rows.filter(rows.subject_id.re_search(_SUSPECT))
        _refuse_numbers(suspects.select("subject_id").distinct().to_pyarrow()["subject_id"], where)


def refuse_sample_persons(rows: pa.Table, identifier: Identifier) -> None:
    """As `refuse_scored_persons`, of a table that is in memory already."""
    kinds = pa.array([str(one) for one in ORGANISATIONS])
    is_organisation = pc.is_in(rows["subject_kind"], value_set=kinds)
    if rows["subject_id"].null_count or (not pc.all(is_organisation).as_py() and rows.num_rows):
        raise PersonError("natural persons are never scored (Article 4)", where="sample", do=_DO)
    numbers = rows["subject_id"].unique()
    _refuse_numbers(numbers, "sample")
    if identifier is Identifier.USCC:
        folded = fold_identifier(numbers)
        # Blanks and letters that nobody sees make no other number of it.
        bare = pc.replace_substring_regex(folded, pattern=r"[\s\p{Z}\p{C}]+", replacement="")
        if is_natural_person_code(bare).any():
            raise PersonError("natural persons are never scored (Article 4)", where="sample", do=_DO)


def _refuse_numbers(identifiers: pa.Array | pa.ChunkedArray, where: str) -> None:
    folded = fold_identifier(identifiers.cast(pa.string()))
    bare = pc.replace_substring_regex(folded, pattern=r"[\s\p{Z}\p{C}]+", replacement="")
    if pc.any(pc.starts_with(bare, PSEUDONYM_PREFIX)).as_py() or mask_resident_ids(bare, b"")[1].any():
        raise PersonError("natural persons are never scored (Article 4)", where=where, do=_DO)
