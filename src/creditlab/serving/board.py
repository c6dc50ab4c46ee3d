"""What the served notebook shows: the first screen, written on the server, and the widget behind the quarters."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2

from creditlab.celltext import visible
from creditlab.messages import Messages
from creditlab.serving.given import Given, wait_for_given
from creditlab.serving.quarters import Quarters
from creditlab.terms import Language

TEMPLATES = Path(__file__).with_name("templates")
NOW, BEFORE = 0, 1
_MEASUREMENTS = "measurements"


def wait_for_reader() -> Given:
    """Get ready what every page needs, then wait until the server says who looks; see `wait_for_given`."""
    for language in Language:
        # The words and the number formats are read once, and before anybody waits for them.
        Messages(language).percent(1, 2)
    return wait_for_given()


class Board:
    """One reader's dashboard.

    Parameters
    ----------
    given
        What the server handed to this kernel.
    """

    def __init__(self, given: Given) -> None:
        self._given = given

    def first_screen(self) -> FirstScreen:
        """The page as it is first seen, with its figures, and the cells that its program filters from then on."""
        return FirstScreen(self._given.text(self._given.period), self._given.language)

    def quarters(self) -> Quarters:
        """The widget that answers, in this kernel, when a reader chooses another quarter."""
        return Quarters(self._given)


class FirstScreen:
    """The first screen in HTML: tiles and departments, in the words and with the rounding of the page's program.

    Parameters
    ----------
    text
        What the page is given, as it stands in the page: JSON in which no text can end a script element.
    language
        Of the reader.
    """

    def __init__(self, text: str, language: str) -> None:
        self._text, self._content = text, json.loads(text)
        self._texts = self._content["languages"][language]
        self._messages = Messages(Language(language))
        self._place = {name: number for number, name in enumerate(self._content["columns"])}
        # Who sees one department or unit begins there.
        self._home = self._content["home"]

    def _repr_html_(self) -> str:
        environment = jinja2.Environment(
            loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
            trim_blocks=True, lstrip_blocks=True,
        )  # fmt: skip
        template = environment.get_template("first_screen.html.j2")
        page = template.render(texts=self._texts, words=self._texts["words"], tiles=self.tiles(), late=self.late())
        return visible(page) + f'<script type="application/json" id="content">{self._text}</script>'

    def tiles(self) -> list[dict[str, str]]:
        """A tile for each measure: its share, its counts, and the change against the quarter before.

        None where nothing of them is known for what the reader begins with.
        """
        groups = {{"department": "department", "unit": "region_code"}[key]: code for key, code in self._home.items()}
        if not any(self._find(measure, groups, NOW) for measure in self._content["measures"]):
            return []
        found = []
        for measure in self._content["measures"]:
            now, before = self._find(measure, groups, NOW), self._find(measure, groups, BEFORE)
            counts = "" if self._ratio(now) is None else self._texts["words"]["numerator_of"].format(
                numerator=self._number(now, "numerator"), denominator=self._number(now, "denominator"),
            )  # fmt: skip
            found.append({
                "definition": self._texts["definitions"][measure], "title": self._texts["measures"][measure],
                "value": self._share(now) or "–", "counts": counts, "change": self._change(now, before),
            })  # fmt: skip
        return found

    def late(self) -> list[dict[str, str]]:
        """Departments by the first measure, the latest first; none where one department or unit is looked at."""
        if self._home:
            return []
        measure = self._content["measures"][0]
        rows = []
        for code in self._content["departments"]:
            now = self._find(measure, {"department": code}, NOW)
            if now is not None:
                before = self._find(measure, {"department": code}, BEFORE)
                rows.append((self._ratio(now), {
                    "name": self._texts["departments"][code], "now": self._share(now), "before": self._share(before),
                }))  # fmt: skip
        return [row for _, row in sorted(rows, key=lambda one: 2 if one[0] is None else one[0])]

    # --- Figures: exact counts, divided once, rounded half up ---------------------------------------------

    @cached_property
    def _cells(self) -> dict[tuple[Any, ...], Sequence[Any]]:
        keys = [self._place[name] for name in ("measure", "item_code", "department", "region_code", "detail", "period")]
        return {
            tuple(cell[key] for key in keys): cell
            for cell in self._content["cells"]
            if cell[self._place["table"]] == _MEASUREMENTS
        }

    def _find(self, measure: str, groups: Mapping[str, str], period: int) -> Sequence[Any] | None:
        return self._cells.get((measure, "", groups.get("department", ""), groups.get("region_code", ""), "", period))

    def _of(self, cell: Sequence[Any] | None, name: str) -> Any:
        return None if cell is None else cell[self._place[name]]

    def _ratio(self, cell: Sequence[Any] | None) -> Fraction | None:
        if self._of(cell, "marker") or not self._of(cell, "denominator"):
            return None
        return Fraction(self._of(cell, "numerator"), self._of(cell, "denominator"))

    def _number(self, cell: Sequence[Any] | None, name: str) -> str:
        return self._messages.integer(self._of(cell, name))

    def _share(self, cell: Sequence[Any] | None) -> str:
        marker, ratio = self._of(cell, "marker"), self._ratio(cell)
        if marker or ratio is None:
            return str(marker or "")
        text = self._messages.percent(ratio.numerator, ratio.denominator)
        return f"{text} (p)" if self._of(cell, "is_provisional") else text

    def _change(self, now: Sequence[Any] | None, before: Sequence[Any] | None) -> str:
        one, other = self._ratio(now), self._ratio(before)
        if one is None or other is None or self._of(now, "is_provisional") or self._of(before, "is_provisional"):
            return str(self._texts["words"]["no_previous"])
        points = self._messages.points(one - other)
        sign = {"+": "▲ +", "-": "▼ −"}.get(points[0], "= ")
        said = {"points": sign + points.lstrip("+-"), "previous": self._texts["previous"]}
        return str(self._texts["words"]["change"].format(**said))
