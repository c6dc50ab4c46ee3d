"""The protected tables as an analyst's query sees them: one cube, released for an audience, by the names of its parts.

A query is asked of the released cells only, in an engine of its own that reaches no file. So whatever is asked, for
whichever audience, nothing comes out that its release doesn't hold.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import ExitStack
from datetime import date
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from creditlab.disclosure import GROUP_COLUMNS, CubeTable, Release
from creditlab.explore.taking import Source
from creditlab.periods import Period
from creditlab.terms import Audience

if TYPE_CHECKING:
    import pandas as pd

#: The parts of a cube that are tables of their own.
_PARTS = {
    "measures": CubeTable.MEASUREMENTS,
    "deliveries": CubeTable.DELIVERIES,
    "omissions": CubeTable.OMISSIONS,
    "faults": CubeTable.FAULTS,
}
#: What a part is grouped by: the names of its filled group columns; `all` for the total.
_GROUPED = "grouped_by"


class Asked:
    """A period's released cells as tables for queries.

    Parameters
    ----------
    source
        The lake as known at one run.
    period, as_of
        What is released, as of which day.
    audience
        For whom; the viewer's, or a narrower one. Matters are for the internal audience only: they passed no disclosure
        control.
    """

    def __init__(self, source: Source, period: Period, as_of: date, audience: Audience) -> None:
        self._source = source
        self.release: Release = source.seen(period, as_of, audience)
        self._tables = self._made()

    @property
    def columns(self) -> dict[str, list[str]]:
        """The tables that there are, and their columns."""
        return {name: list(table.column_names) for name, table in self._tables.items()}

    def select(self, query: str) -> pd.DataFrame:
        """The result of one query over the tables; see `Session.sql`."""
        from creditlab import engine

        with engine.connect() as backend, ExitStack() as stack:
            for name, table in self._tables.items():
                stack.enter_context(engine.named(backend, table, name))
            found = engine.select(backend, query)
            self._source.note(f"query of {self.release.audience} tables", self.release.period, found.num_rows)
            return found.to_pandas()

    def _made(self) -> dict[str, pa.Table]:
        made = {name: _part(self.release, which) for name, which in _PARTS.items()}
        catalogue, words = self._source.catalogue, self._source.messages
        day = self.release.as_of
        named: dict[str, Mapping[str, str]] = {
            "department": {code: words.department(catalogue, code, day) for code in catalogue.departments},
            "item_code": {code: words.item(catalogue, code) for code in catalogue.item_codes},
            "region_code": {code: words.region(catalogue, code) for code in catalogue.regions},
        }
        for column, names in named.items():
            title = {"department": "departments", "item_code": "items", "region_code": "regions"}[column]
            made[title] = pa.table(
                {column: pa.array(list(names), pa.string()), "name": pa.array(list(names.values()), pa.string())}
            )
        if self.release.audience is Audience.INTERNAL:
            made["matters"] = self._source.matters()
        return made


def _part(release: Release, which: CubeTable) -> pa.Table:
    """One part's cells without the columns that it leaves empty, and what each is grouped by."""
    table = release.select(table=which).table.drop_columns(["table"])
    grouped = pa.array([""] * table.num_rows, pa.string())
    for column in GROUP_COLUMNS:
        joined = pc.binary_join_element_wise(grouped, column, ",")
        named = pc.if_else(pc.equal(grouped, ""), column, joined)
        grouped = pc.if_else(pc.not_equal(table[column], ""), named, grouped)
    grouped = pc.if_else(pc.equal(grouped, ""), "all", grouped)
    kept = [name for name in table.column_names if name in GROUP_COLUMNS or table[name].null_count < table.num_rows]
    return table.select(kept or table.column_names).append_column(_GROUPED, grouped)
