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

#: Organisations by level; and by groups of levels, of all and by region, or with a group before the levels. A group of
#: levels is written with a comma between them.
LEVEL, BY_REGION = "level", "level_by_region"
BY_LEVEL = ("level_by_industry", "level_by_size", "level_by_kind")
#: Organisations by the level before and now, or by which of the two was higher.
MOVED = "moved"
HIGHER, SAME, LOWER, CAME, WENT = "higher", "same", "lower", "came", "went"
#: In a level's place: no record that counts.
NO_LEVEL = "none"
#: Outcomes by grade and level: levels add up to their grade.
OUTCOME = "outcome"
#: The share of organisations that have a level at all, and those whose whole are they.
INFORMATION = "has_information"
OF_THOSE_WITH_A_LEVEL = frozenset(
    {"near_bound", "changed_by_weight", "changed_by_bound", "kept_in_draws", "level_in_draws"}
)
#: How many have a level in most draws is nearly how many have it.
DRAWN = frozenset({"level_in_draws", "level_by_departments"})

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
