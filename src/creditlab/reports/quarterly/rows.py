"""Which rows the quarterly report's tables have, and what they are called."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from creditlab.catalogue import Catalogue
from creditlab.disclosure import CubeTable, Marker, Release
from creditlab.figures import Row
from creditlab.messages import Messages
from creditlab.reports.quarterly.cube import Omission
from creditlab.tables import Column


class Rows:
    """Rows by department, region and item, in the catalogue's order, the total first."""

    def __init__(self, release: Release, catalogue: Catalogue, messages: Messages) -> None:
        self._release, self._catalogue, self._messages = release, catalogue, messages
        _ = messages.gettext
        code = _("Code")
        self.department_columns = (
            Column("department", code, in_page=False),
            Column("department_name", _("Department")),
        )
        self.region_columns = (Column("region_code", code, in_page=False), Column("region_name", _("Region")))
        self.item_columns = (
            Column("item_code", _("Item code"), in_page=False),
            Column("item_name", _("Item")),
            Column("department", code, in_page=False),
            Column("department_name", _("Department")),
        )

    def departments(self, table: CubeTable, measure: str) -> list[Row]:
        """All departments, then each that has a cell."""
        total = {"department": "", "department_name": self._messages.gettext("All departments")}
        codes = _in_order(self._codes(table, measure, "department"), self._catalogue.departments)
        return [
            Row(total, {"table": table, "measure": measure}),
            *(
                Row(
                    {"department": code, "department_name": self.department(code)},
                    {"table": table, "measure": measure, "department": code},
                )
                for code in codes
            ),
        ]

    def regions(self, table: CubeTable, measure: str) -> list[Row]:
        """All regions, then each that has a cell."""
        total = {"region_code": "", "region_name": self._messages.gettext("All regions")}
        codes = _in_order(self._codes(table, measure, "region_code"), self._catalogue.regions)
        return [
            Row(total, {"table": table, "measure": measure}),
            *(
                Row(
                    {"region_code": code, "region_name": self.region(code)},
                    {"table": table, "measure": measure, "region_code": code},
                )
                for code in codes
            ),
        ]

    def omissions(self, start: date) -> list[Row]:
        """All items, then each item and department with a cell that was late or never came, the most first."""
        _ = self._messages.gettext
        lacking: dict[tuple[str, str], list[int]] = {}
        cells = self._release.select(
            table=CubeTable.OMISSIONS, measure=[Omission.NEVER, Omission.LATE], period_start=start,
            by=("item_code", "department"),
        )  # fmt: skip
        for row in cells.rows():
            numbers = lacking.setdefault((row["item_code"], row["department"]), [0, 0, 0])
            if row["marker"] == Marker.SUPPRESSED:
                # Listed whatever it hides: leaving it out would say that it hides nothing.
                numbers[2] = 1
            else:
                numbers[0 if row["measure"] == Omission.NEVER else 1] += row["numerator"]
        keys = sorted((key for key, numbers in lacking.items() if any(numbers)), key=lambda key: (
            -lacking[key][0], -lacking[key][1], key))  # fmt: skip
        total = {
            "item_code": "",
            "item_name": _("All items"),
            "department": "",
            "department_name": _("All departments"),
        }
        rows = [Row(total, {"table": CubeTable.OMISSIONS})]
        for item, department in keys:
            labels = {
                "item_code": item,
                "item_name": self.item(item),
                "department": department,
                "department_name": self.department(department),
            }
            rows.append(Row(labels, {"table": CubeTable.OMISSIONS, "item_code": item, "department": department}))
        return rows

    def department(self, code: str) -> str:
        """A department's name on the day reported; its code where the catalogue doesn't know it."""
        return self._messages.department(self._catalogue, code, self._release.as_of)

    def region(self, code: str) -> str:
        """A region's name; its code where the catalogue doesn't know it."""
        return self._messages.region(self._catalogue, code)

    def item(self, code: str) -> str:
        """An item's name; its code where no edition has it."""
        return self._messages.item(self._catalogue, code)

    def _codes(self, table: CubeTable, measure: str, column: str) -> set[str]:
        cells = self._release.select(table=table, measure=measure, by=(column,))
        return set(cells.table[column].to_pylist())


def _in_order(codes: set[str], catalogue: Iterable[str]) -> list[str]:
    known = [code for code in catalogue if code in codes]
    return [*known, *sorted(codes - set(known))]
