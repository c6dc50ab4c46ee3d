"""Cases 7 and 9: no cell is run as a formula, and every text is read as it is written."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator

import openpyxl
import pyarrow as pa
import pytest

from creditlab.tables import neutral
from creditlab.workfiles import csv_bytes
from tests.security.hostile import FORMULAS, HIDDEN, PLAIN, TURNED, TWIN
from tests.security.published import Publication, parsed

STARTS = tuple("=+-@\t\r\n＝＋－＠")
UNSEEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]")


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def cells(publication: Publication) -> Iterator[str]:
    for path in [*publication.out.glob("tables/*.csv"), publication.out / "cells.csv"]:
        with path.open(encoding="utf-8", newline="") as file:
            for line in csv.reader(file):
                yield from line


def test_case_7_no_cell_of_a_published_csv_is_a_formula(publication: Publication) -> None:
    found = list(cells(publication))
    assert "'=1+1" in found
    assert not [text for text in found if text.lstrip().startswith(STARTS) and not is_number(text)]


def test_case_7_no_cell_of_a_published_workbook_is_a_formula(publication: Publication) -> None:
    book = openpyxl.load_workbook(publication.out / "tables.xlsx")
    found = [cell for sheet in book for line in sheet.iter_rows() for cell in line if cell.value is not None]
    assert [cell for cell in found if cell.value == "=1+1"]
    assert {cell.data_type for cell in found} <= {"s", "n", "b", "d"}
    links = [cell.hyperlink for cell in found if cell.hyperlink]
    assert links
    assert all(one.target is None and one.location for one in links), "a link leads out of the workbook"


@pytest.mark.parametrize("text", FORMULAS)
def test_case_7_whatever_a_formula_begins_with(text: str) -> None:
    assert not neutral(text).lstrip().startswith(STARTS)
    (line,) = csv.reader(csv_bytes(pa.table({"text": [text]})).decode().splitlines(keepends=True)[1:])
    assert not line[0].lstrip().startswith(STARTS)


def test_case_9_nothing_unseen_turns_or_hides_a_name(publication: Publication) -> None:
    assert UNSEEN.search(TURNED)
    assert UNSEEN.search(HIDDEN)
    for text in (publication.page, publication.printed, "".join(cells(publication))):
        assert not UNSEEN.search(text)
        assert "[U+202E]" in text
        assert "zero[U+200B]width[U+FEFF]" in text
    book = openpyxl.load_workbook(publication.out / "tables.xlsx")
    values = [str(cell.value) for sheet in book for line in sheet.iter_rows() for cell in line]
    assert [one for one in values if "[U+202E]" in one]
    assert not [one for one in values if UNSEEN.search(one)]


def test_case_9_the_sign_of_what_is_unseen_is_text_on_the_page(publication: Publication) -> None:
    assert "[U+202E]" in "".join(parsed(publication.page).texts)


def test_case_9_names_that_look_alike_are_not_taken_for_one() -> None:
    # Which of two is meant is said by a code; a look at their letters can't tell.
    assert PLAIN != TWIN
    assert neutral(PLAIN) != neutral(TWIN)
