"""What figures of different tables have in common by definition: a reader can put one in another's place."""

from __future__ import annotations

from creditlab.disclosure.cube import CubeTable
from creditlab.terms import Measure

_MEASURED = CubeTable.MEASUREMENTS

#: In a table: a count, and the counts that it is the sum of.
ROW_SUMS = ((CubeTable.DELIVERIES, "delivered", ("accepted", "corrected", "withdrawn", "repeated", "quarantined")),)

#: Pairs whose denominators (or counts) are one number for the same group and period.
EQUAL_DENOMINATORS = (
    ((_MEASURED, Measure.TIMELINESS), (_MEASURED, Measure.UNIQUENESS)),
    ((_MEASURED, Measure.TIMELINESS), (_MEASURED, Measure.CONSISTENCY_SUBJECT)),
    ((CubeTable.FAULTS, "mended"), (CubeTable.FAULTS, "mended_soon")),
)

#: Measures whose denominator is the number of records, and those that say nearly as much about it: required values are
#: so many a record, valid ones are at most all, reported ones are compared with what was declared. Where the number of
#: records of a group is hidden, all of these are.
RECORDS = (Measure.TIMELINESS, Measure.UNIQUENESS, Measure.CONSISTENCY_SUBJECT)
NEARLY_RECORDS = (Measure.COMPLETENESS, Measure.VALIDITY, Measure.CONSISTENCY_NAME, Measure.COVERAGE_LEDGER)

#: A measure, and the fault that the rest of its denominator is counted as.
EQUAL_PARTS = ((Measure.UNIQUENESS, "duplicate_key"),)
#: Required values that are not filled are counted by field.
MISSING_VALUES, MISSING_PREFIX = Measure.COMPLETENESS, "missing:"

#: These count what departments and units owe, whoever the records are about: a small figure is nobody's.
DUTIES = frozenset(
    {
        Measure.PUNCTUALITY,
        Measure.COVERAGE_CELLS,
        Measure.COVERAGE_ITEMS,
        Measure.CURRENTNESS,
        "delivery_count",
        "on_time",
        "late",
        "never_delivered",
    }
)
