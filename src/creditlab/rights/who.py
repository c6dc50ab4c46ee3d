"""Whom a number means: an organisation under its number, or a natural person under the pseudonyms that stand for it."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

import pyarrow as pa

from creditlab.dossier.reading import as_held, persons_among
from creditlab.errors import NoDataError, ParameterError, PersonError
from creditlab.identifiers import (
    PSEUDONYM_PREFIX,
    fold_identifier,
    fold_name,
    has_valid_check_character,
    is_natural_person_code,
)
from creditlab.lake import Snapshot
from creditlab.terms import SubjectKind
from creditlab.workspace import Workspace

#: What the command line calls the two: a department's own number may be either's.
PERSON, ORGANISATION = str(SubjectKind.NATURAL_PERSON), "organisation"
_LONGEST = 1000
#: A shorter number may stand in any text by chance: it is looked for as a whole cell.
_TELLING = 15


@dataclass(frozen=True)
class Given:
    """A number as somebody wrote it, folded, with the name beside it, if any. Neither is ever shown or logged."""

    number: str = field(repr=False)
    name: str = field(default="", repr=False)


@dataclass(frozen=True)
class Who:
    """The subject that a number means.

    Attributes
    ----------
    is_person
        Whether it is a natural person.
    held
        As the lake has it.
    ids
        Everything that records may have in the subject's place: a resident ID that a row gave to an organisation is
        masked there.
    marks
        Texts that name it wherever they stand: in somebody else's record, in a file's name.
    """

    is_person: bool
    held: str = field(repr=False)
    ids: tuple[str, ...] = field(repr=False)
    marks: tuple[str, ...] = field(repr=False)


def read_given(source: Path | None, standard_input: IO[str]) -> Given:
    """Read a number, and on the next line perhaps a name, from a file or from standard input.

    It is never an argument: those are in the list of processes and in the shell's history.

    Raises
    ------
    ParameterError
        If there is none, or more than that.
    """
    try:
        text = source.read_text("utf-8-sig") if source else standard_input.read(_LONGEST + 1)
    except (OSError, UnicodeDecodeError) as error:
        raise ParameterError("the number can't be read", where="--number", do="Write it as UTF-8 text.") from error
    lines = [one.strip() for one in text.splitlines() if one.strip()]
    if not 1 <= len(lines) <= 2 or len(text) > _LONGEST:
        do = "Write the number on the first line, and on the second one the name, if it is to be compared."
        raise ParameterError("a number is wanted, and nothing else", where="--number", do=do)
    number = fold_identifier(pa.array([lines[0]], pa.string()))[0].as_py()
    if PSEUDONYM_PREFIX in number:
        raise ParameterError("a pseudonym is no number", where="--number", do="Give the subject's own number.")
    return Given(number, lines[1] if len(lines) == 2 else "")


def who_is(workspace: Workspace, snapshot: Snapshot, given: Given, kind: str | None) -> Who:
    """Find out whom a number means.

    Parameters
    ----------
    kind
        `natural_person` or `organisation`, for a number whose form tells neither.

    Raises
    ------
    ParameterError
        If its form tells neither and no kind is given, or the name is not the number's.
    PersonError
        If an organisation is asked for and the register says that the number is a natural person's.
    """
    one = pa.array([given.number], pa.string())
    is_coded = bool(is_natural_person_code(one)[0])
    is_code = bool(has_valid_check_character(one)[0])
    if not is_coded and not is_code and kind is None:
        do = f"Say whose it is: --kind {PERSON} or --kind {ORGANISATION}."
        raise ParameterError("the number's form doesn't tell whose it is", where="--number", do=do)
    is_listed = len(persons_among(workspace, snapshot, one)) > 0
    is_person = is_coded or kind == PERSON or is_listed
    if is_person and kind == ORGANISATION:
        raise PersonError("the number is not an organisation's", where="--kind", do=f"Leave it out, or say {PERSON}.")
    if not is_person:
        _compare_name(snapshot, given)
        return Who(False, given.number, (given.number,), (_mark(given.number),))
    if given.name:
        do = "Names of natural persons are not kept: whoever gives the statement sees the identity document."
        raise ParameterError("a natural person's name can't be compared", where="--number", do=do)
    pseudonym = as_held(workspace, snapshot, one, one)[0].as_py()
    masked = f"[{pseudonym}]"
    # Where a row calls it an organisation's, a department's own number stands as it is; that the register knows it as
    # a person's makes such a row one about the person.
    plain = (given.number,) if is_listed and not is_coded else ()
    return Who(True, pseudonym, (pseudonym, masked, *plain), (pseudonym, *map(_mark, plain)))


def _mark(number: str) -> str:
    return number if len(number) >= _TELLING else f'"{number}"'


def _compare_name(snapshot: Snapshot, given: Given) -> None:
    """Refuse a name that the register doesn't have with the number; who is not in it has no name there either."""
    if not given.name:
        return
    rows = snapshot.subjects()
    found = snapshot.backend.to_pyarrow(rows.filter(rows.subject_id == given.number).select("subject_name"))
    names = fold_name(pa.concat_arrays([found["subject_name"].combine_chunks(), pa.array([given.name])]))
    if len(names) < 2 or not names[0].is_valid or names[0].as_py() != names[1].as_py():
        do = "Nothing is said of one who is not known by both."
        raise NoDataError("the register doesn't have the number with that name", where="--number", do=do)
