"""Check what was put on record beside the records: assessments, their findings, profiles."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import ibis

from creditlab.books.result import Difference
from creditlab.lake import Snapshot

if TYPE_CHECKING:
    import ibis.expr.types as ir

_ASSESSMENTS, _PROFILES = "assessments", "profiles"


def kept_otherwise(snapshot: Snapshot) -> Iterator[Difference]:
    """Each table's differences, by run; a table that nothing was ever kept in has none."""
    runs = set(snapshot.runs["run_no"].to_pylist())
    assessments, findings = snapshot.table("assessments"), snapshot.table("findings")
    profiles = snapshot.table("profiles")
    for name, rows, key in (
        (_ASSESSMENTS, assessments, ["run_no", "subject_id"]),
        (_PROFILES, profiles, ["run_no", "subject_id", "item_code"]),
    ):
        twice = rows.group_by(key).agg(n=rows.count())
        yield from _said(snapshot, name, twice.filter(twice.n > 1), "a run has a line twice")
        known = rows.select("run_no", "evidence_run").distinct()
        for row in snapshot.backend.to_pyarrow(known.order_by("run_no")).to_pylist():
            if row["evidence_run"] not in runs or row["evidence_run"] >= row["run_no"]:
                yield Difference(name, f"run {row['run_no']}", "it rests on a run that is not before it")
    alone = findings.anti_join(assessments, ["run_no", "subject_id"])
    yield from _said(snapshot, "findings", alone, "a finding is about nobody who was assessed in its run")
    counted = findings.filter(findings.left_out.isnull()).select("run_no", "subject_id").distinct()
    counted = counted.mutate(is_counted=True)
    joined = assessments.left_join(counted, ["run_no", "subject_id"])
    differs = joined.filter(joined.has_information != joined.is_counted.fill_null(False))
    what = "an assessment says that it rests on something, and has no finding that counts, or the other way round"
    yield from _said(snapshot, _ASSESSMENTS, differs, what)
    states = profiles.normal_count + profiles.disputed_count + profiles.repaired_count + profiles.withdrawn_count
    wrong = profiles.filter(profiles.record_count != states)
    yield from _said(snapshot, _PROFILES, wrong, "the records of a profile are not those of its states")


def _said(snapshot: Snapshot, name: str, wrong: ir.Table, what: str) -> Iterator[Difference]:
    counted = wrong.group_by("run_no").agg(n=ibis._.count()).order_by("run_no")
    for row in snapshot.backend.to_pyarrow(counted).to_pylist():
        yield Difference(name, f"run {row['run_no']}", what, 0, row["n"])
