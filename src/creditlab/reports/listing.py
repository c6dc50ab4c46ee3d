"""reports.toml: which reports there are, their notebooks, and the parameters that they take."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from creditlab.errors import ParameterError, ReportError
from creditlab.terms import Audience, Language

LISTING = "reports.toml"
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")


class ParameterType(StrEnum):
    """What a parameter can be. There is no free text: a parameter becomes code in the notebook."""

    PATH = "path"
    PERIOD = "period"
    DATE = "date"
    AUDIENCE = "audience"
    LANGUAGE = "language"
    INTEGER = "integer"
    CODE = "code"


class Format(StrEnum):
    """What a report is published as, besides its page."""

    PDF = "pdf"
    XLSX = "xlsx"
    CSV = "csv"


class SharedRelease(StrEnum):
    """A release that several reports show, in whole or in part; a run that makes several of them makes it once."""

    QUARTERLY = "quarterly"


class Need(StrEnum):
    """What a report is made of beside the lake; a workspace that has no such thing has no such report in its set."""

    EDITION = "edition"
    DRAFT = "draft"
    METHODOLOGY = "methodology"
    CARD = "card"
    LISTS = "lists"


@dataclass(frozen=True)
class ReportEntry:
    """One report: its name, its notebook, its parameters with their types.

    One that is `on_request` is published only where it is asked for by name. One that takes a `department` is published
    once for each department, one that takes a `unit` once for each reporting unit, one that takes a `card` once for
    each scorecard, one that takes a `subject` once for each that is named. `in_set`: one of the reports of a quarter
    that `publish --all` makes. `release`: the one that it shows, where others show it too. `is_yearly`: about a year,
    whatever period of it the set is of. `needs`: what it is made of beside the lake. `is_own`: an analyst's notebook,
    which is on no list.
    """

    name: str
    notebook: Path
    parameters: Mapping[str, ParameterType]
    on_request: bool = False
    in_set: bool = False
    audiences: tuple[Audience, ...] = tuple(Audience)
    languages: tuple[Language, ...] = tuple(Language)
    formats: tuple[Format, ...] = tuple(Format)
    release: SharedRelease | None = None
    is_yearly: bool = False
    needs: Need | None = None
    is_own: bool = False

    @property
    def is_by_department(self) -> bool:
        """Whether each department has a report of its own."""
        return "department" in self.parameters

    @property
    def is_by_unit(self) -> bool:
        """Whether each reporting unit has a report of its own."""
        return "unit" in self.parameters

    @property
    def is_by_card(self) -> bool:
        """Whether each scorecard has a report of its own."""
        return "card" in self.parameters

    @property
    def is_by_subject(self) -> bool:
        """Whether each organisation that is asked for has a report of its own."""
        return "subject" in self.parameters


def notebooks_folder() -> Path:
    """The folder of the project's notebooks, beside its source.

    Raises
    ------
    ReportError
        If creditlab was installed without them.
    """
    folder = Path(__file__).resolve().parents[3] / "notebooks"
    if not (folder / LISTING).exists():
        raise ReportError(
            "the reports' notebooks are missing", where=LISTING, do="Run creditlab from its source folder."
        )
    return folder


def read_listing(folder: Path) -> dict[str, ReportEntry]:
    """Read the reports of a folder of notebooks.

    Raises
    ------
    ReportError
        If the list can't be read, or an entry has a name, key, notebook or type that has no meaning.
    """
    try:
        content = tomllib.loads((folder / LISTING).read_text(encoding="utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ReportError("the list of reports can't be read", where=LISTING) from error
    found = {}
    for name, entry in content.items():
        if not _NAME.fullmatch(name) or not _has_meaning(entry):
            raise ReportError("an entry of the list of reports has no meaning", where=f"{LISTING}, [{name}]")
        notebook = folder / str(entry["notebook"])
        if notebook.resolve().parent != folder.resolve() or notebook.suffix != ".ipynb" or not notebook.is_file():
            raise ReportError("a report's notebook is missing", where=f"{LISTING}, [{name}] notebook")
        try:
            parameters = {key: ParameterType(value) for key, value in entry["parameters"].items()}
        except (AttributeError, ValueError) as error:
            raise ReportError("a parameter has no known type", where=f"{LISTING}, [{name}.parameters]") from error
        try:
            audiences = tuple(Audience(one) for one in entry.get("audiences", Audience))
            languages = tuple(Language(one) for one in entry.get("languages", Language))
            formats = tuple(Format(one) for one in entry.get("formats", Format))
            shared = SharedRelease(entry["release"]) if "release" in entry else None
            needs = Need(entry["needs"]) if "needs" in entry else None
        except (TypeError, ValueError) as error:
            raise ReportError(
                "an audience, language, format, release or need is unknown", where=f"{LISTING}, [{name}]"
            ) from error
        found[name] = ReportEntry(
            name, notebook, parameters, entry.get("on_request", False), entry.get("in_set", False), audiences,
            languages, formats, shared, entry.get("yearly", False), needs,
        )  # fmt: skip
    return found


def _has_meaning(entry: object) -> bool:
    if not isinstance(entry, dict):
        return False
    flags, lists = ("on_request", "in_set", "yearly"), ("audiences", "languages", "formats")
    if not all(isinstance(entry.get(name, False), bool) for name in flags):
        return False
    if not all(isinstance(entry.get(name, []), list) for name in lists):
        return False
    return set(entry) - {*flags, *lists, "release", "needs"} == {"notebook", "parameters"}


def choose(listing: Mapping[str, ReportEntry], wanted: list[str] | None) -> list[ReportEntry]:
    """The reports wanted, in the list's order; all that need no request when none is named.

    Raises
    ------
    ParameterError
        If one is not on the list.
    """
    unknown = sorted(set(wanted or ()) - set(listing))
    if unknown:
        raise ParameterError("a report is not on the list", where=LISTING, do=f"Choose from: {', '.join(listing)}.")
    return [one for name, one in listing.items() if (not one.on_request if wanted is None else name in wanted)]
