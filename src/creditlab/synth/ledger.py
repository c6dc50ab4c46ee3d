"""The synthetic ledger: what departments say that they produced."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from creditlab.periods import month_of
from creditlab.synth.chunks import Province
from creditlab.synth.days import day_of
from creditlab.synth.editions import write_lines
from creditlab.terms import CoverageBasis


def write_ledger(path: Path, province: Province, happened: np.ndarray) -> None:
    """Write ledger.csv: everything that happened, sent or not; one row a stream of a ledger item and month."""
    months = [month_of(day_of(int(day))).label for day in province.schedule.days]
    labels = sorted(set(months))
    starts = np.searchsorted(np.array(months), np.array(labels))
    counts = np.add.reduceat(happened, starts, axis=1)
    rows = []
    for stream, numbers in zip(province.schedule.streams, counts.tolist(), strict=True):
        plan = province.plans[stream.item]
        if plan.basis is CoverageBasis.LEDGER:
            rows += [
                [plan.code, stream.department, stream.region, label, str(number)]
                for label, number in zip(labels, numbers, strict=True)
                if number
            ]
    write_lines(path, ("item_code", "department", "region_code", "month", "declared_count"), rows)
