"""The columns of the lake's tables.

Hashes are 64 bits, kept as signed integers because Delta Lake has no unsigned ones. Every row of every table carries
the number of the run that wrote it; rows of a run that is not in `runs` are invisible.
"""

from __future__ import annotations

import pyarrow as pa

FORMAT_VERSION = 1

_DAY, _TEXT, _COUNT, _HASH = pa.date32(), pa.string(), pa.int64(), pa.int64()
_MOMENT = pa.timestamp("us", tz="UTC")

#: One narrow entry of the double-entry book: a record as it stood from `effective_on`, or its reversal (sign -1).
RECORDS = pa.schema(
    [
        ("sign", pa.int8()),
        ("effective_on", _DAY),
        ("run_no", pa.int64()),
        ("key64", _HASH),
        ("record_id", _TEXT),
        ("item_code", _TEXT),
        ("department", _TEXT),
        ("region_code", _TEXT),
        ("subject_id", _TEXT),
        ("subject_kind", _TEXT),
        ("event_date", _DAY),
        ("first_received_on", _DAY),
        ("received_on", _DAY),
        ("valid_until", _DAY),
        ("amount", pa.decimal128(38, 6)),
        ("record_state", _TEXT),
        ("faults", pa.list_(_TEXT)),
        ("filled_count", pa.int32()),
        ("required_count", pa.int32()),
        ("lag", pa.int32()),
        ("natural_key64", _HASH),
        ("name64", _HASH),
        ("content64", _HASH),
        ("delivery_id", _TEXT),
        ("row_no", _COUNT),
        ("revision", pa.int32()),
    ]
)
RECORDS_PARTITION = "event_month"

#: A delivery with what became of its rows; the newest row up to a run holds.
DELIVERIES = pa.schema(
    [
        ("run_no", pa.int64()),
        ("delivery_id", _TEXT),
        ("path", _TEXT),
        ("file_sha256", _TEXT),
        ("item_code", _TEXT),
        ("department", _TEXT),
        ("region_code", _TEXT),
        ("delivered_at", _MOMENT),
        ("received_on", _DAY),
        ("manifest_row", _COUNT),
        ("period", _TEXT),
        ("is_zero_report", pa.bool_()),
        ("delivered", _COUNT),
        ("accepted", _COUNT),
        ("corrected", _COUNT),
        ("withdrawn", _COUNT),
        ("repeated", _COUNT),
        ("quarantined", _COUNT),
    ]
)

#: A row that could not become a record. `content` is null for items that cover natural persons.
QUARANTINE = pa.schema(
    [
        ("run_no", pa.int64()),
        ("delivery_id", _TEXT),
        ("row_no", _COUNT),
        ("item_code", _TEXT),
        ("department", _TEXT),
        ("region_code", _TEXT),
        ("received_on", _DAY),
        ("reason", _TEXT),
        ("content", _TEXT),
    ]
)

#: What every payload row carries beside its own fields, which are text: trimmed, protected, null where blank.
PAYLOAD = pa.schema(
    [
        ("run_no", pa.int64()),
        ("key64", _HASH),
        ("natural_key64", _HASH),
        ("content64", _HASH),
        ("delivery_id", _TEXT),
        ("row_no", _COUNT),
        ("delivered_at", _MOMENT),
        ("action", _TEXT),
        ("judged_kind", _TEXT),
        ("is_masked", pa.bool_()),
        ("name64", _HASH),
        ("kept_faults", _TEXT),
    ]
)

#: The subject register, replaced as a whole; natural persons under their pseudonym and without a name.
SUBJECTS = pa.schema(
    [
        ("run_no", pa.int64()),
        ("subject_id", _TEXT),
        ("subject_kind", _TEXT),
        ("subject_name", _TEXT),
        ("name64", _HASH),
        ("region_code", _TEXT),
        ("industry_code", _TEXT),
        ("registered_on", _DAY),
        ("deregistered_on", _DAY),
    ]
)

#: What departments say they produced, by month, replaced as a whole.
LEDGER = pa.schema(
    [
        ("run_no", pa.int64()),
        ("item_code", _TEXT),
        ("department", _TEXT),
        ("region_code", _TEXT),
        ("month", _DAY),
        ("declared_count", _COUNT),
    ]
)

#: A matter for coordination as it stood from a run on; the newest row up to a run holds. Counts, never a record.
MATTERS = pa.schema(
    [
        ("run_no", pa.int64()),
        ("moment", _MOMENT),
        ("matter_id", _TEXT),
        ("rule", _TEXT),
        ("kind", _TEXT),
        ("item_code", _TEXT),
        ("department", _TEXT),
        ("region_code", _TEXT),
        ("level", _TEXT),
        ("measure", _TEXT),
        ("numerator", _COUNT),
        ("denominator", _COUNT),
        ("period_start", _DAY),
        ("period_end", _DAY),
        ("as_of", _DAY),
        ("evidence_run", _COUNT),
        ("low", _COUNT),
        ("high", _COUNT),
        ("delivery_count", _COUNT),
        ("delivered", _COUNT),
        ("repeated", _COUNT),
        ("first_seen", _DAY),
        ("state", _TEXT),
        ("owner", _TEXT),
        ("note", _TEXT),
        ("changed_by", _TEXT),
    ]
)

#: Profiles that somebody had kept, one row per run, organisation and item; `evidence_run` is the run that they are of.
PROFILES = pa.schema(
    [
        ("run_no", pa.int64()),
        ("evidence_run", pa.int64()),
        ("as_of", _DAY),
        ("subject_id", _TEXT),
        ("subject_kind", _TEXT),
        ("region_code", _TEXT),
        ("item_code", _TEXT),
        ("record_count", _COUNT),
        ("normal_count", _COUNT),
        ("disputed_count", _COUNT),
        ("repaired_count", _COUNT),
        ("withdrawn_count", _COUNT),
        ("counted_count", _COUNT),
        ("published_count", _COUNT),
        ("fault_count", _COUNT),
        ("first_event_on", _DAY),
        ("last_event_on", _DAY),
        ("newest_received_on", _DAY),
        ("amount", pa.decimal128(38, 6)),
        ("next_end_on", _DAY),
    ]
)

#: Assessments that somebody had kept, one row per run and organisation, by an approved methodology.
ASSESSMENTS = pa.schema(
    [
        ("run_no", pa.int64()),
        ("evidence_run", pa.int64()),
        ("as_of", _DAY),
        ("methodology", _TEXT),
        ("methodology_digest", _TEXT),
        ("subject_id", _TEXT),
        ("subject_kind", _TEXT),
        ("region_code", _TEXT),
        ("score", pa.int64()),
        ("level", _TEXT),
        ("is_provisional", pa.bool_()),
        ("has_information", pa.bool_()),
    ]
)

#: What the assessments of the same run rest on, one row per record and rule.
FINDINGS = pa.schema(
    [
        ("run_no", pa.int64()),
        ("subject_id", _TEXT),
        ("dimension", _TEXT),
        ("indicator", _TEXT),
        ("item_code", _TEXT),
        ("department", _TEXT),
        ("region_code", _TEXT),
        ("record_id", _TEXT),
        ("key64", _HASH),
        ("event_date", _DAY),
        ("points", pa.int64()),
        ("left_out", _TEXT),
        ("legal_basis", _TEXT),
    ]
)

#: Erasures by order: what was ordered, and how much went; never whom or what it was about.
ERASURES = pa.schema(
    [
        ("run_no", pa.int64()),
        ("erasure_id", _TEXT),
        ("order_number", _TEXT),
        ("dated_on", _DAY),
        ("authority", _TEXT),
        ("reason", _TEXT),
        ("target", _TEXT),
        ("first_run", _COUNT),
        ("row_count", _COUNT),
        ("publications", pa.list_(_TEXT)),
    ]
)

#: The lists beside the catalogue's editions as text, kept by a run whose rules are new: its rules_digest, and the
#: digest over what the lists say.
LISTS = pa.schema(
    [
        ("run_no", pa.int64()),
        ("rules_digest", _TEXT),
        ("lists_digest", _TEXT),
        ("file", _TEXT),
        ("text", _TEXT),
    ]
)

#: One row a committed run: that row is the commit.
RUNS = pa.schema(
    [
        ("run_no", pa.int64()),
        ("committed_at", _MOMENT),
        ("command", _TEXT),
        ("creditlab_version", _TEXT),
        ("format_version", pa.int32()),
        ("editions", _TEXT),
        ("rules_digest", _TEXT),
        ("key_fingerprint", _TEXT),
        ("subjects_digest", _TEXT),
        ("ledger_digest", _TEXT),
        ("subjects_run", pa.int64()),
        ("ledger_run", pa.int64()),
        ("delivered", _COUNT),
        ("accepted", _COUNT),
        ("corrected", _COUNT),
        ("withdrawn", _COUNT),
        ("repeated", _COUNT),
        ("quarantined", _COUNT),
    ]
)

TABLES = {
    "records": RECORDS,
    "deliveries": DELIVERIES,
    "quarantine": QUARANTINE,
    "subjects": SUBJECTS,
    "ledger": LEDGER,
    "matters": MATTERS,
    "runs": RUNS,
}

#: Tables that a lake has once somebody had something kept in them.
KEPT = {
    "profiles": PROFILES,
    "assessments": ASSESSMENTS,
    "findings": FINDINGS,
    "erasures": ERASURES,
    "lists": LISTS,
}
