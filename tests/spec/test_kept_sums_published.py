"""Reports and packs take sums that were kept, and say the same as the entries do."""

from __future__ import annotations

from datetime import date

from creditlab import engine
from creditlab.disclosure import Release, ReleaseLedger, read_policy
from creditlab.feedback import write_packs
from creditlab.feedback.rates import take_rates
from creditlab.lake import read_inputs
from creditlab.periods import parse_period
from creditlab.reports.quarterly.cube import measured_cube, measured_periods
from creditlab.reports.sectioned import measure_and_release
from creditlab.sums import has_sums, summed_inputs
from creditlab.terms import Audience, Language
from tests.spec.test_kept_sums import add_to_kept, filled
from tests.spec.tiny import Tiny

__all__ = ["filled"]

PERIOD, AS_OF = parse_period("2026Q3"), date(2026, 12, 31)
NUMBERS = ["measure", "item_code", "department", "region_code", "detail", "period_start", "numerator", "denominator"]


def test_a_report_says_what_the_entries_do_and_counts_them_once(filled: Tiny) -> None:
    def released() -> Release:
        return measure_and_release(
            filled.workspace, Audience.INTERNAL, None, lambda inputs: measured_cube(inputs, PERIOD, AS_OF),
            measured_periods(PERIOD), AS_OF,
        )[0]  # fmt: skip

    with engine.connect(folders=[filled.workspace.lake]) as backend:
        cube = measured_cube(read_inputs(filled.workspace, backend), PERIOD, AS_OF)
    found = released()
    assert sorted(map(str, found.table.select(NUMBERS).to_pylist())) == sorted(
        map(str, cube.table.select(NUMBERS).to_pylist())
    )
    add_to_kept(filled, "records")
    assert not released().table.equals(found.table)


def test_packs_have_the_rates_of_the_entries_and_keep_their_sums(filled: Tiny) -> None:
    assert not has_sums(filled.workspace)
    output = filled.folder / "feedback"
    write_packs(
        filled.workspace, period=PERIOD, as_of=AS_OF, output=output, language=Language.EN, periods_before=0
    )  # fmt: skip
    assert has_sums(filled.workspace)
    with engine.connect(folders=[filled.workspace.lake]) as backend:
        kept = summed_inputs(filled.workspace, backend, [PERIOD], AS_OF, with_subjects=False)
        plain = read_inputs(filled.workspace, backend)
        rates = [take_rates(one, PERIOD, AS_OF, read_policy(), ReleaseLedger(), 0) for one in (kept, plain)]
    assert rates[0] == rates[1]
