"""A workspace as an analyst sees it in a notebook."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab.access import ask, viewer_here
from creditlab.errors import ParameterError, RoleError
from creditlab.explore.asked import Asked
from creditlab.explore.choices import By, Helpful, Names, choose, choose_groups, choose_measure
from creditlab.explore.released import ASK, ASK_WIDER
from creditlab.explore.shown import changed
from creditlab.explore.taking import DRILLED, Question, Source
from creditlab.explore.trend import Trend
from creditlab.explore.view import View
from creditlab.messages import Messages
from creditlab.periods import Period, containing, parse_date, parse_period
from creditlab.terms import Audience, Language, Measure, Purpose, UpdatePeriod
from creditlab.workspace import open_workspace

if TYPE_CHECKING:
    import pandas as pd

    from creditlab.explore.widgets import Explorer

#: How many codes of one's own an error names.
_NAMED = 8


def open_session(
    folder: str | Path = ".",
    *,
    run_no: int | None = None,
    as_of: str | date | None = None,
    language: str = "",
    purpose: str | None = None,
    role: str = "",
    token: str = "",
) -> Session:
    """Open a workspace to look at its figures.

    Parameters
    ----------
    folder
        The workspace's folder.
    run_no
        The run of the lake that is looked at; the newest by default. Everything that is asked sees the same run.
    as_of
        The day whose state is looked at, as `2026-10-20`; by default the day of that run.
    language
        `en` or `zh_CN`; by default the workspace's.
    purpose
        What organisations' records are looked at for, as the access log has it; by default the workspace's, or
        `analysis`.
    role
        A role of the workspace, for its owner who wants to see what others see; everybody else has his own.
    token
        A role's token, better left in the environment as CREDITLAB_TOKEN: a notebook is copied and shown.

    Raises
    ------
    ParameterError
        If a word is unknown.
    RoleError
        If the workspace has roles, and none is the caller's.
    WorkspaceError
        If the folder is no workspace.
    NoDataError
        If nothing has been ingested yet.
    """
    workspace = open_workspace(Path(folder))
    words = Messages(
        Language(choose(language, [str(one) for one in Language], "language")) if language else workspace.language
    )
    asking = ask(workspace, purpose, "explore", Purpose.ANALYSIS)
    asking.viewer = viewer_here(workspace, role=role, token=token)
    return Session(Source(workspace, run_no, words, asking), as_of)


class Session(Helpful):
    """A workspace's lake as known at one run, on one day; made by `open_session`."""

    def __init__(self, source: Source, as_of: str | date | None) -> None:
        self._source, self._given = source, as_of
        self._asked: dict[tuple[Period, Audience], Asked] = {}
        run_no, _, committed = source.known
        self.run_no = run_no
        self.as_of = (parse_date(as_of) if isinstance(as_of, str) and as_of else as_of) or committed

    def reload(self) -> Session:
        """The same workspace as its lake is now; the day looked at stays, where one was named."""
        return Session(self._source.renewed(), self._given)

    def speaking(self, language: str) -> Session:
        """The same in another language, `en` or `zh_CN`."""
        words = Messages(Language(choose(language, [str(one) for one in Language], "language")))
        return Session(self._source.speaking(words), self._given)

    @property
    def messages(self) -> Messages:
        """The reader's words."""
        return self._source.messages

    @property
    def changed(self) -> str:
        """What is said where the lake has a newer run than this one, as HTML; empty where it has not."""
        return changed(self._source)

    @property
    def own(self) -> Mapping[By, Collection[str]]:
        """By column the codes of the reader's own rows; a column in which he sees all is not there."""
        return self._source.held_to

    @property
    def is_internal(self) -> bool:
        """Whether the reader may see records, and what is unusual; else he sees released figures."""
        return not self._source.is_released

    @property
    def first_by(self) -> tuple[By, ...]:
        """What figures are taken apart by first: departments, or units where units alone are the reader's own."""
        has_units_only = By.REGION in self.own and By.DEPARTMENT not in self.own and not self.is_internal
        return (By.REGION,) if has_units_only else (By.DEPARTMENT,)

    def view(self, question: Question) -> View:
        """A view of a question as this session answers it."""
        return View(self._source, replace(question, as_of=self.as_of))

    @property
    def measures(self) -> list[str]:
        """The names of the twelve measures."""
        return [str(one) for one in Measure]

    @property
    def departments(self) -> Names:
        """The departments' names by code, as of the day."""
        words, catalogue = self._source.messages, self._source.catalogue
        return Names(
            "department", {code: words.department(catalogue, code, self.as_of) for code in catalogue.departments}
        )

    @property
    def items(self) -> Names:
        """The items' names by code, of every published edition."""
        words, catalogue = self._source.messages, self._source.catalogue
        return Names("item", {code: words.item(catalogue, code) for code in catalogue.item_codes})

    @property
    def regions(self) -> Names:
        """The reporting units' names by region code."""
        words, catalogue = self._source.messages, self._source.catalogue
        return Names("region", {code: words.region(catalogue, code) for code in catalogue.regions})

    def measure(
        self,
        measure: str,
        period: str | Period = "",
        by: str | Sequence[str] = "department",
        *,
        item: str | None = None,
        department: str | None = None,
        region: str | None = None,
        against: str | Period | None = None,
    ) -> View:
        """Take one measure of a period.

        Parameters
        ----------
        measure
            Its name, as `timeliness`; `measures` lists them.
        period
            `2026Q3`, `2026`, `2026-08` or `2026-07-01/2026-10-01`; by default the newest quarter that is over.
        by
            `department`, `region`, `item`, or several of them.
        item, department, region
            Codes: only what belongs to them is looked at.
        against
            The period that it is compared with; by default the one before.

        Raises
        ------
        ParameterError
            If a word is unknown (the nearest ones are named), or the measure has no such grouping.
        NoDataError
            If nothing is to be counted.

        Examples
        --------
        >>> session.measure("timeliness", "2026Q3", by="department")  # doctest: +SKIP
        """
        about, other = _period(period) if period else self.periods(1)[0], _period(against) if against else None
        if other is not None and other.start == about.start:
            # Cells are told apart by the first day of their period.
            raise ParameterError(
                "the two periods begin on the same day", where="against", do="Name one that begins on another day."
            )
        question = self._question(measure, about, by, item, department, region)
        return View(self._source, replace(question, against=other))

    def trend(
        self,
        measure: str,
        period: str | Period = "",
        by: str | Sequence[str] = "department",
        *,
        periods: int = 6,
        item: str | None = None,
        department: str | None = None,
        region: str | None = None,
    ) -> Trend:
        """The same over several periods up to one; see `measure`."""
        return self.measure(measure, period, by, item=item, department=department, region=region).trend(periods)

    def sql(self, query: str, *, period: str | Period | None = None, audience: str = "") -> pd.DataFrame:
        """Ask the protected tables of a period with a query of one's own.

        Parameters
        ----------
        query
            One SELECT over `measures`, `deliveries`, `omissions`, `faults`, the names in `departments`, `items` and
            `regions`, and, for the internal audience, `matters`. `grouped_by` says what a cell is grouped by; `all` is
            the total. A suppressed cell has `[c]` as its `marker`, and its numbers are null.
        period
            What is asked about; the newest quarter that is over by default.
        audience
            For whom the tables are protected: `internal`, `government`, `public`; by default the reader's own, and
            never a wider one.

        Raises
        ------
        ParameterError
            If it is not one query that reads, or can't be carried out.
        NoDataError
            If there is nothing to report for the period.

        Examples
        --------
        >>> session.sql("SELECT department, ratio FROM measures WHERE measure = 'timeliness' "
        ...             "AND grouped_by = 'department' ORDER BY ratio")  # doctest: +SKIP
        """
        return self.asked(period, audience).select(query)

    def tables(self, *, period: str | Period | None = None, audience: str = "") -> dict[str, list[str]]:
        """The tables that `sql` asks, and their columns."""
        return self.asked(period, audience).columns

    def asked(self, period: str | Period | None, audience: str) -> Asked:
        """The protected tables of a period for an audience; they are made once."""
        own, known = self._source.audience, list(Audience)
        for_whom = Audience(choose(str(audience), list(map(str, known)), "audience")) if audience else own
        if known.index(for_whom) > known.index(own):
            raise RoleError("these tables are for another audience", where="audience", do=ASK)
        about = _period(period) if period else self.periods(1)[0]
        if (about, for_whom) not in self._asked:
            self._asked[about, for_whom] = Asked(self._source, about, self.as_of, for_whom)
        return self._asked[about, for_whom]

    def explorer(self) -> Explorer:
        """Controls to choose a measure, look at it and drill down, for a notebook; needs ipywidgets."""
        from creditlab.explore.widgets import Explorer

        return Explorer(self)

    def periods(self, count: int = 8) -> list[Period]:
        """The quarters that are over on the day looked at, the newest first."""
        found = [containing(UpdatePeriod.QUARTER, self.as_of).previous()]
        while len(found) < count:
            found.append(found[-1].previous())
        return found

    def _question(
        self,
        measure: str,
        period: Period,
        by: str | Sequence[str],
        item: str | None,
        department: str | None,
        region: str | None,
    ) -> Question:
        chosen, groups = choose_measure(measure), choose_groups(by)
        given: list[tuple[By, str | None, Collection[str], str]] = [
            (By.ITEM, item, self.items, "item"),
            (By.DEPARTMENT, department, self.departments, "department"),
            (By.REGION, region, self.regions, "region"),
        ]
        where = {column: choose(code, known, what) for column, code, known, what in given if code}
        _refuse_missing(chosen, (*groups, *where))
        self._refuse_others(chosen, where)
        return Question(chosen, (period,), self.as_of, groups, where)

    def _refuse_others(self, measure: Measure, where: Mapping[By, str]) -> None:
        """Refuse what a role doesn't show, rather than show a table without rows."""
        from creditlab.measures import METHODS

        for column, own in self._source.held_to.items():
            if column.group not in METHODS[measure].groups:
                do = f"Take a measure that is counted by {column.word}. {ASK_WIDER}"
                raise RoleError(
                    f"{measure} is not counted by {column.word}, so none of it is yours", where="role", do=do
                )
            if column in where and where[column] not in own:
                some = ", ".join(own[:_NAMED]) + (f" and {len(own) - _NAMED} more" if len(own) > _NAMED else "")
                raise RoleError(f"the {column.word} is not yours", where=column.word, do=f"Yours: {some}. {ASK_WIDER}")

    def __getitem__(self, measure: str) -> View:
        """A measure of the newest quarter that is over; the names are completed behind the bracket."""
        return self.measure(measure, self.periods(1)[0], self._widest(measure))

    def _ipython_key_completions_(self) -> list[str]:
        return self.measures

    @staticmethod
    def _widest(measure: str) -> tuple[By, ...]:
        """The first grouping of those that a figure is taken apart by which the measure has."""
        from creditlab.measures import METHODS

        has = METHODS[choose_measure(measure)].groups
        return tuple(one for one in DRILLED if one.group in has)[:1]

    def __repr__(self) -> str:
        return f"Session(run_no={self.run_no}, as_of={self.as_of})"


def _period(given: str | Period) -> Period:
    return parse_period(given.strip().upper()) if isinstance(given, str) else given


def _refuse_missing(measure: Measure, columns: Sequence[By]) -> None:
    """Refuse a grouping that a measure doesn't have, rather than show a table without rows."""
    from creditlab.measures import METHODS

    has = METHODS[measure].groups
    for column in columns:
        if column.group not in has:
            words = ", ".join(str(one) for one in By if one.group in has)
            raise ParameterError(f"{measure} is not counted by {column}", where="by", do=f"It is by: {words}.")
