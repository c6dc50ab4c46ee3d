"""Natural persons are never scored, ranked or listed (Article 4): who asks for it gets an error, not an empty result.

A person is known by the kind, by a pseudonym or sole trader's code in the identifier's place, or by a resident number;
calling a person something else, or reaching one through a join, changes none of these.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditlab.errors import PersonError
from creditlab.identifiers import PSEUDONYM_PREFIX, SOLE_TRADER_PREFIX, fold_identifier, is_natural_person_code
from creditlab.terms import SubjectKind

if TYPE_CHECKING:
    import ibis.expr.types as ir

#: Anything that folding would change, or that has the form of a resident number.
_SUSPECT = r"[^0-9A-Z]|^[1-9][0-9]{5}(18|19|20)[0-9]{2}(0[1-9]|1[0-2])(0[1-9]|[12][0-9]|3[01])[0-9]{3}[0-9X]$"
_DO = "Assess organisations; about one person there is only a statement, for somebody entitled to it."


def refuse_persons(rows: ir.Table, where: str) -> None:
    """Refuse rows that are about a natural person.

    Parameters
    ----------
    rows
        Anything with subject_id, and subject_kind if it has one.
    where
        What the rows are, for the message.

    Raises
    ------
    PersonError
        If there is one; the message names nobody.
    """
    is_person = rows.subject_id.isnull() | rows.subject_id.startswith(SOLE_TRADER_PREFIX)
    is_person |= rows.subject_id.contains(PSEUDONYM_PREFIX)
    suspects = rows.filter(rows.subject_id.re_search(_SUSPECT)).select("subject_id").distinct()
    if "subject_kind" in rows.columns:
        # A subject without a kind might be anybody.
        is_person |= rows.subject_kind.fill_null(str(SubjectKind.NATURAL_PERSON)) == str(SubjectKind.NATURAL_PERSON)
    found = rows.filter(is_person).limit(1).count().to_pyarrow().as_py()
    if found or _is_any_person(suspects):
        raise PersonError("natural persons are never assessed (Article 4)", where=where, do=_DO)


def refuse_person(identifier: str, where: str) -> None:
    """Refuse an identifier, as somebody typed it, that is a natural person's.

    Raises
    ------
    PersonError
        If it is: a sole trader's code, a resident number or a pseudonym, in any case, width and with any blanks.
    """
    import pyarrow as pa

    text = pa.array([identifier], pa.string())
    if _are_persons(text):
        raise PersonError("natural persons are never assessed (Article 4)", where=where, do=_DO)


def _is_any_person(suspects: ir.Table) -> bool:
    return _are_persons(suspects.to_pyarrow()["subject_id"])


def _are_persons(identifiers: object) -> bool:
    import pyarrow.compute as pc

    folded = fold_identifier(identifiers)
    # Blanks and letters that nobody sees make no other number of it.
    bare = pc.replace_substring_regex(folded, pattern=r"[\s\p{Z}\p{C}]+", replacement="")
    is_pseudonym = pc.any(pc.match_substring(folded, PSEUDONYM_PREFIX)).as_py()
    return bool(is_pseudonym or is_natural_person_code(folded).any() or is_natural_person_code(bare).any())
