"""An analyst's own report: sections of the quarter's release in an order of its own, with words between them.

Its notebook says which sections; the publication makes them again itself, from the release that it took through the
gate, and publishes those. So nothing that a cell shows or writes reaches a page but what the gate let through.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from creditlab.charts import shares
from creditlab.disclosure import CubeTable
from creditlab.errors import DisclosureError, ParameterError, ReportError
from creditlab.identifiers import holds_resident_id
from creditlab.reports.listing import ParameterType, ReportEntry
from creditlab.reports.quarterly.opening import open_report as open_quarterly
from creditlab.reports.quarterly.report import Report
from creditlab.reports.quarterly.words import MEASURES
from creditlab.reports.section import MARK, PLOTLY, Section
from creditlab.tables import comparison
from creditlab.terms import Measure

PREFIX = "own_"
#: The calls that a notebook's sections can be made by, and nothing else.
_WHOLE = (
    "overview", "standing", "deliveries", "timeliness", "coverage", "validity", "omissions", "faults", "quality",
    "methods",
)  # fmt: skip
_STEM, _LONGEST = re.compile(r"[a-z][a-z0-9_]{0,35}"), 2_000
#: A number in words; a reference to an article is none.
_ARTICLE = re.compile(r"[Aa]rticles? \d+(?:(?:, | and )\d+)*|第\d+条")
_NUMBER = re.compile(r"\d[\d,]*(?:\.\d+)?")
_CALL, _TITLE = "call", "own_title"
#: What an analyst's notebook is given: as the province's report.
_PARAMETERS = {
    "workspace": ParameterType.PATH, "period": ParameterType.PERIOD, "as_of": ParameterType.DATE,
    "audience": ParameterType.AUDIENCE, "language": ParameterType.LANGUAGE, "run_no": ParameterType.INTEGER,
    "out": ParameterType.PATH,
}  # fmt: skip


@dataclass(frozen=True)
class OwnSection(Section):
    """A section that says by which call it was made, and the title of its report."""

    call: tuple[str, Mapping[str, str]] = ("", MappingProxyType({}))
    own_title: str = ""

    def outputs(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """As of any section, the call with the first of them."""
        found = super().outputs()
        name, given = self.call
        found[0][1][MARK] |= {_CALL: [name, dict(given)], _TITLE: self.own_title}
        return found


class Own:
    """The report of an analyst's notebook: `words`, `shares`, and by their names the quarterly report's sections.

    Parameters
    ----------
    report
        The quarterly report over the same release.
    title
        The report's title, in the language that it is published in.
    """

    def __init__(self, report: Report, title: str) -> None:
        self._report = _Titled.over(report, _checked("title", title))
        self._said: list[tuple[str, str]] = [("title", title)]
        self.title = title

    def __getattr__(self, name: str) -> Callable[[], Section]:
        if name not in _WHOLE:
            raise AttributeError(name)
        return lambda: self._called(getattr(self._report, name)(), name, {})

    def words(self, title: str, text: str) -> Section:
        """A heading and a paragraph of one's own; every number in it stands in a table of the report, or it is refused.

        Raises
        ------
        ParameterError
            If it is empty, too long, or names a person's number.
        """
        number = sum(place.startswith("words") for place, _ in self._said) + 1
        for one in (title, text):
            self._said.append((f"words {number}", _checked(f"words {number}", one)))
        section = self._report.keep(f"words_{number}", title, [text], [])
        return self._called(section, "words", {"title": title, "text": text})

    def shares(self, measure: str, by: str) -> Section:
        """One measure by department or by region: a chart, and the table beside it.

        Raises
        ------
        ParameterError
            If there is no such measure or group.
        """
        if measure not in list(Measure) or by not in ("department", "region"):
            do = f"Measures: {', '.join(Measure)}; by department or region."
            raise ParameterError("there is no such measure or group", where="shares", do=do)
        return self._called(self._report.shares(Measure(measure), by), "shares", {"measure": measure, "by": by})

    def save(self) -> None:
        """Hand the tables over to the publication; does nothing when the notebook is only looked at.

        Raises
        ------
        DisclosureError
            If words say a number that stands in no table of the report.
        """
        known = {one for text in self._report.texts() for one in _NUMBER.findall(text)}
        for where, text in self._said:
            if set(_NUMBER.findall(_ARTICLE.sub("", text))) - known:
                raise DisclosureError(
                    "words say a number that stands in no table of the report", where=where,
                    do="Say what a table says, as it says it, or leave the number out.",
                )  # fmt: skip
        self._report.save()

    def _called(self, section: Section, name: str, given: Mapping[str, str]) -> Section:
        values = {one: getattr(section, one) for one in Section.__dataclass_fields__}
        return OwnSection(**values, call=(name, given), own_title=self.title)


class _Titled(Report):
    """The quarterly report with another title, and one measure at a time."""

    own_title = ""

    @classmethod
    def over(cls, report: Report, title: str) -> _Titled:
        """The same report under a title."""
        made = cls(report.workspace, report.catalogue, report.release, report.messages.language, report.out,
                   report.matters_standing)  # fmt: skip
        made.own_title = title
        return made

    @property
    def title(self) -> str:
        """The analyst's title."""
        return self.own_title

    def keep(self, name: str, title: str, paragraphs: Sequence[str], parts: Sequence[Any]) -> Section:
        """A section of one's own."""
        return self._keep(name, title, paragraphs, parts)

    def shares(self, measure: Measure, by: str) -> Section:
        """One measure by department or by region."""
        _, words = self.messages.gettext, MEASURES[measure]
        columns, rows, caption = {
            "department": (
                self._rows.department_columns, self._rows.departments, _("{measure} by department, {period}"),
            ),
            "region": (self._rows.region_columns, self._rows.regions, _("{measure} by region, {period}")),
        }[by]  # fmt: skip
        chosen = rows(CubeTable.MEASUREMENTS, measure)
        title, name = caption.format(measure=_(words.title), **self._periods), f"{measure}_by_{by}"
        chart = shares(
            self.release, name=name, title=title, label=columns[1].name, rows=chosen, period=self.period,
            previous=self.previous, messages=self.messages,
        )  # fmt: skip
        table = comparison(
            self.release, name=name, caption=title, note=self._note(), labels=columns, rows=chosen, period=self.period,
            previous=self.previous, messages=self.messages, numerator_title=_(words.numerator),
            denominator_title=_(words.denominator), year_before=self.year_before,
        )  # fmt: skip
        return self._keep(f"own_{name}", title, [_(words.definition)], [chart, table])

    def texts(self) -> Iterator[str]:
        """What the tables of the sections show, and the days and periods that the report is about."""
        yield self.messages.day(self.release.as_of)
        yield from self._periods.values()
        for section in self._sections.values():
            for table in section.tables:
                yield table.caption
                for row in table.rows:
                    yield from (cell.text for cell in row)


def open_report(
    workspace: str, period: str, as_of: str, audience: str, language: str, run_no: int, out: str, *, title: str
) -> Own:
    """Open a report of one's own over the quarter's release; see `quarterly.open_report` for the rest.

    Parameters
    ----------
    title
        The report's title, in the language asked for.
    """
    return Own(open_quarterly(workspace, period, as_of, audience, language, run_no, out), title)


def own_entry(notebook: Path) -> ReportEntry:
    """The entry of an analyst's notebook, as if it were listed: it takes what the quarterly report takes.

    Raises
    ------
    ReportError
        If there is no such notebook, or its name is none for a report.
    """
    if notebook.suffix != ".ipynb" or not notebook.is_file():
        raise ReportError("there is no such notebook", where=notebook.name, do="Name a file that ends in .ipynb.")
    if not _STEM.fullmatch(notebook.stem):
        do = "Call it by up to 36 of a to z, 0 to 9 and _, a letter first."
        raise ReportError("the notebook's name can't be a report's", where="--notebook", do=do)
    return ReportEntry(f"{PREFIX}{notebook.stem}", notebook, _PARAMETERS, on_request=True, is_own=True)


def notebook_digest(notebook: Path) -> str:
    """SHA-256 over what a notebook's code cells say; outputs and words of it have no part in what is published."""
    cells = json.loads(notebook.read_text("utf-8"))["cells"]
    sources = ["".join(one["source"]) for one in cells if one["cell_type"] == "code"]
    return hashlib.sha256(json.dumps(sources, ensure_ascii=False).encode()).hexdigest()


def made_again(executed: Path, parameters: Mapping[str, Any]) -> None:
    """Make an executed notebook's sections again from the release, write their tables, and put them in its place.

    Parameters
    ----------
    executed
        The executed notebook; its outputs are exchanged for those that are made again.
    parameters
        As the notebook was given them.

    Raises
    ------
    DisclosureError
        If a cell shows anything that no section is.
    """
    notebook = json.loads(executed.read_text("utf-8"))
    cells = [(number, one) for number, one in enumerate(notebook["cells"]) if one.get("outputs")]
    shown = [(number, output) for number, one in cells for output in one["outputs"]
             if not (output["output_type"] == "stream" and output["name"] == "stderr")]  # fmt: skip
    titles = [title for _, one in shown if (title := one.get("metadata", {}).get(MARK, {}).get(_TITLE))]
    if not titles:
        raise ReportError("the notebook shows no section", where=executed.name, do="Show what its report's calls give.")
    report = Own(open_quarterly(**parameters), titles[0])
    expected: list[tuple[int, dict[str, Any]]] = []
    for number, output in shown:
        call = output.get("metadata", {}).get(MARK, {}).get(_CALL)
        if call:
            expected += [(number, one) for one in _outputs(_section(report, call))]
    if len(expected) != len(shown):
        raise _refused(executed, next((number for number, one in shown if MARK not in one.get("metadata", {})), 0))
    for (number, was), (place, made) in zip(shown, expected, strict=True):
        if number != place or _plain(was) != _plain(made):
            raise _refused(executed, number)
    for _, one in cells:
        one["outputs"] = []
    for number, made in expected:
        notebook["cells"][number]["outputs"].append(made)
    executed.write_text(json.dumps(notebook), encoding="utf-8")
    report.save()


def _section(report: Own, call: Sequence[Any]) -> Section:
    name, given = call
    if name == "words" and set(given) == {"title", "text"}:
        return report.words(**given)
    if name == "shares" and set(given) == {"measure", "by"}:
        return report.shares(**given)
    if name in _WHOLE and not given:
        made: Section = getattr(report, name)()
        return made
    raise DisclosureError("a cell shows a section that no report has", do="Show what the report's own calls give.")


def _outputs(section: Section) -> Iterator[dict[str, Any]]:
    """A section's outputs as a notebook's file has them."""
    for bundle, metadata in section.outputs():
        text = json.dumps(bundle) if PLOTLY not in bundle else _with_figure(bundle)
        yield {"output_type": "display_data", "data": json.loads(text), "metadata": json.loads(json.dumps(metadata))}


def _with_figure(bundle: Mapping[str, Any]) -> str:
    from plotly.utils import PlotlyJSONEncoder

    return json.dumps(bundle, cls=PlotlyJSONEncoder)


def _plain(output: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """What an output says, however its text is broken into lines."""
    data = {name: "".join(one) if name.startswith("text/") else one for name, one in output.get("data", {}).items()}
    return data, output.get("metadata", {}).get(MARK)


def _refused(executed: Path, number: int) -> DisclosureError:
    return DisclosureError(
        "a cell shows something that the report's own calls don't give", where=f"{executed.name}, cell {number}",
        do="Show what words, shares and the quarterly report's sections give; all else stays in the notebook.",
    )  # fmt: skip


def _checked(where: str, text: str) -> str:
    if not text.strip() or len(text) > _LONGEST:
        raise ParameterError(f"words are empty, or longer than {_LONGEST:,} characters", where=where)
    if holds_resident_id(text):
        raise ParameterError("words name a person's number", where=where, do="Leave it out (Article 4).")
    return text
