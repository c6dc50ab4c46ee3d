# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "duckdb==2.0.0",
# ]
#
# [tool.benchmark]
# title = "DuckDB SQL, by hand"
# does = ["checks", "check digit", "repeated rows", "duplicate keys", "register", "working days", "groups",
#   "entries and payloads", "quarantine", "failing rows"]
# ///
"""The same checks and figures as SQL written by hand for this one record schema; the base of the comparison.

    python duckdb.py WORKSPACE OUTPUT

Writes entries, payloads and quarantine as Parquet, `measures.csv` and `totals.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import duckdb

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [3**place % 31 for place in range(17)] + [1]
FIELDS = ("record_id", "document_number", "subject_id", "subject_name", "subject_kind", "event_date", "licence_kind",
          "content", "valid_until", "amount", "post_code", "grade")  # fmt: skip
REQUIRED = ("record_id", "subject_id", "subject_name", "subject_kind", "event_date", "licence_kind", "content")

LISTS = """
CREATE MACRO cell(text) AS CASE WHEN trim(text) IN ('', '—', '--', 'NULL') THEN NULL ELSE trim(text) END;
CREATE MACRO day_of(text) AS coalesce(TRY_CAST(text AS DATE),
  try_strptime(text, ['%Y/%m/%d', '%Y.%m.%d', '%Y%m%d', '%Y年%m月%d日'])::DATE);
CREATE MACRO fold(name) AS replace(replace(replace(replace(lower(name), '（', '('), '）', ')'), ' ', ''), '　', '');
CREATE TABLE items AS
SELECT item_code, split_part(collection_time_limit, ' ', 1)::INT AS limit_days,
  collection_time_limit LIKE '%working%' AS is_working, string_split(subject_kinds, ';') AS kinds
FROM read_csv('{workspace}/catalogue/2026/items.csv', all_varchar = true);
CREATE TABLE files AS
SELECT '{workspace}/inbox/' || path AS filename, row_number() OVER () AS manifest_row, md5(path) AS delivery_id,
  department, region_code, delivered_at::TIMESTAMPTZ AS delivered_at,
  (delivered_at::TIMESTAMPTZ AT TIME ZONE 'Asia/Shanghai')::DATE AS received_on, items.*
FROM read_csv('{workspace}/inbox/manifest.csv', all_varchar = true) JOIN items USING (item_code);
CREATE TABLE days AS
SELECT day::DATE AS day, sum(is_working::INT) OVER (ORDER BY day::DATE)::INT AS ordinal
FROM read_csv('{workspace}/working_days.csv', all_varchar = true);
CREATE TABLE register AS
SELECT upper(trim(subject_id)) AS subject_id,
  CASE WHEN subject_kind <> 'natural_person' THEN hash(fold(subject_name)) END AS name64
FROM read_csv('{workspace}/subjects.csv', all_varchar = true);
CREATE TABLE codes AS SELECT code FROM read_csv('{workspace}/catalogue/code_lists.csv', all_varchar = true)
WHERE code_list = 'licence_kind';
SET VARIABLE files = (SELECT list(filename) FROM files);
"""
#: Cleaned once and kept in a file beside the results: every later step reads the clean columns that it needs.
DELIVERED = """
CREATE TABLE delivered AS
SELECT f.*, r.file_row_number + 1 AS row_no, upper(cell(r.record_id)) AS record_id,
  upper(cell(r.document_number)) AS document_number, upper(cell(r.subject_id)) AS subject_id,
  cell(r.event_date) AS event_date, day_of(cell(r.event_date)) AS event_day, {others},
  hash(item_code, department, upper(cell(r.record_id))) AS key64,
  hash(item_code, department, upper(cell(r.document_number))) AS natural64
FROM read_parquet(getvariable('files'), filename = true, file_row_number = true) r JOIN files f USING (filename);
CREATE VIEW kept AS SELECT * FROM delivered
WHERE record_id IS NOT NULL AND subject_id IS NOT NULL AND event_day IS NOT NULL;
"""
#: Check characters of distinct codes only, six characters at a time in the bytes of one integer: a byte's value is its
#: place in the alphabet, and `at_least` marks the bytes that are no less than a letter after a gap in the alphabet.
KEYS = """
CREATE TABLE again AS
SELECT manifest_row, row_no FROM (
  SELECT manifest_row, row_no,
    row_number() OVER (PARTITION BY key64 ORDER BY delivered_at, manifest_row, row_no) AS place
  FROM kept SEMI JOIN (SELECT key64 FROM kept GROUP BY key64 HAVING count(*) > 1) USING (key64)
) WHERE place > 1;
CREATE TABLE owners AS
SELECT natural64, arg_min(key64, (delivered_at, manifest_row, row_no)) AS owner
FROM kept SEMI JOIN (
  SELECT natural64 FROM kept WHERE document_number IS NOT NULL GROUP BY natural64 HAVING min(key64) <> max(key64)
) USING (natural64)
GROUP BY natural64;
CREATE MACRO at_least(word, byte) AS ((((word | 141289400074368) - 1103823438081 * byte) & 141289400074368) >> 7);
CREATE MACRO values_of(word) AS word - 1103823438081 * 48 - 7 * at_least(word, 65) - at_least(word, 74)
  - at_least(word, 80) - at_least(word, 84) - at_least(word, 87);
CREATE TABLE right_codes AS
SELECT subject_id AS right_code FROM (
  SELECT subject_id, values_of(word1) AS value1, values_of(word2) AS value2, values_of(word3) AS value3 FROM (
    SELECT subject_id, encode(substr(subject_id, 1, 6))::BIT::BIGINT AS word1,
      encode(substr(subject_id, 7, 6))::BIT::BIGINT AS word2, encode(substr(subject_id, 13, 6))::BIT::BIGINT AS word3
    FROM (SELECT DISTINCT subject_id FROM kept) WHERE regexp_full_match(subject_id, '[{alphabet}]{{18}}')
  )
) WHERE ({weighted}) % 31 = 0;
"""
#: Each fault with its condition; a condition that is null does not hold.
FAULTS = {
    "missing:subject_name": "subject_name IS NULL",
    "missing:subject_kind": "subject_kind IS NULL",
    "missing:licence_kind": "licence_kind IS NULL",
    "missing:content": "content IS NULL",
    "max_length:record_id": "length(record_id) > 64",
    "max_length:document_number": "length(document_number) > 64",
    "max_length:subject_name": "length(subject_name) > 200",
    "max_length:content": "length(content) > 500",
    "code_list:licence_kind": "licence_kind NOT IN (SELECT code FROM codes)",
    "type:valid_until": "valid_until IS NOT NULL AND until_day IS NULL",
    "type:amount": "amount IS NOT NULL AND amount_value IS NULL",
    "minimum:amount": "amount_value < 0",
    "maximum:amount": "amount_value > 1000000000",
    "pattern:post_code": "NOT regexp_full_match(post_code, '[0-9]{6}')",
    "type:grade": "grade IS NOT NULL AND NOT regexp_full_match(grade, '[+-]?[0-9]+')",
    "minimum:grade": "TRY_CAST(grade AS BIGINT) < 1",
    "maximum:grade": "TRY_CAST(grade AS BIGINT) > 5",
    "check_digit:subject_id": "NOT is_person AND NOT is_right",
    "out_of_scope": "NOT list_contains(kinds, judged_kind)",
    "date_order": "received_on < event_day",
    "duplicate_key": "document_number IS NOT NULL AND owner <> key64",
}
JUDGED = """
CREATE VIEW judged AS
SELECT *, CASE WHEN {any} THEN list_filter([{all}], LAMBDA code: code IS NOT NULL) ELSE [] END AS faults,
  {filled} AS filled_count
FROM (
  SELECT k.*, day_of(valid_until) AS until_day, TRY_CAST(amount AS DECIMAL(38, 6)) AS amount_value,
    k.subject_id LIKE '92%' AS is_person, right_code IS NOT NULL AS is_right, o.owner,
    CASE WHEN k.subject_id LIKE '92%' THEN 'natural_person' ELSE subject_kind END AS judged_kind,
    CASE WHEN NOT is_working THEN received_on - event_day
         WHEN received_on < event_day THEN least(received.ordinal - event.ordinal, -1)
         ELSE received.ordinal - event.ordinal END AS lag,
    hash({fields}) AS content64
  FROM kept k ANTI JOIN again USING (manifest_row, row_no)
  LEFT JOIN right_codes ON right_code = k.subject_id
  LEFT JOIN owners o ON o.natural64 = k.natural64
  LEFT JOIN days event ON event.day = event_day
  LEFT JOIN days received ON received.day = received_on
);
"""
WRITE = """
COPY (SELECT 1::TINYINT AS sign, received_on AS effective_on, 1::BIGINT AS run_no, key64, record_id, item_code,
    department, region_code, subject_id, judged_kind AS subject_kind, event_day AS event_date,
    received_on AS first_received_on, received_on, until_day AS valid_until, amount_value AS amount,
    'normal' AS record_state, faults, filled_count, {required} AS required_count, lag, natural64 AS natural_key64,
    CASE WHEN NOT is_person THEN hash(fold(subject_name)) END AS name64, content64, delivery_id, row_no,
    1 AS revision, strftime(event_day, '%Y-%m') AS event_month
  FROM judged) TO '{output}/entries' (FORMAT parquet, PARTITION_BY event_month);
COPY (SELECT 1::BIGINT AS run_no, key64, natural64 AS natural_key64, hash({fields}) AS content64, delivery_id, row_no,
    delivered_at, 'add' AS action, CASE WHEN subject_id LIKE '92%' THEN 'natural_person' ELSE subject_kind END
    AS judged_kind, {names}
  FROM kept) TO '{output}/payloads.parquet' (FORMAT parquet);
COPY (SELECT delivery_id, row_no, item_code, department, region_code, received_on,
    CASE WHEN record_id IS NULL THEN 'no record_id' WHEN subject_id IS NULL THEN 'no subject_id'
         ELSE 'no event_date' END AS reason, to_json({{{pairs}}}) AS content
  FROM delivered WHERE record_id IS NULL OR subject_id IS NULL OR event_day IS NULL)
TO '{output}/quarantine.parquet' (FORMAT parquet);
"""
MEASURES = """
CREATE TABLE counts AS
SELECT item_code, department, region_code, date_trunc('month', event_date) AS month, sum(sign) AS records,
  sum(sign) FILTER (lag BETWEEN 0 AND limit_days) AS timely, sum(sign * filled_count) AS filled,
  sum(sign * required_count) AS required, sum(sign) FILTER (len(faults) = 0) AS valid,
  sum(sign) FILTER (NOT list_contains(faults, 'duplicate_key')) AS single,
  sum(sign) FILTER (r.subject_id IS NOT NULL) AS linked,
  sum(sign) FILTER (r.subject_id IS NOT NULL AND subject_kind <> 'natural_person') AS named,
  sum(sign) FILTER (r.subject_id IS NOT NULL AND subject_kind <> 'natural_person' AND e.name64 = r.name64) AS same_name
FROM read_parquet('{output}/entries/**/*.parquet') e JOIN items USING (item_code)
LEFT JOIN register r ON r.subject_id = e.subject_id
WHERE event_date >= '2026-01-01' AND event_date < '2027-01-01' AND effective_on <= '2026-12-01'
GROUP BY ALL;
CREATE TABLE refused AS
SELECT item_code, department, region_code, date_trunc('month', received_on) AS month, count(*) AS rows
FROM read_parquet('{output}/quarantine.parquet') WHERE received_on BETWEEN '2026-01-01' AND '2026-12-01' GROUP BY ALL;
CREATE TABLE measures AS
SELECT measure, item_code, department, region_code, month::DATE AS month,
  sum(coalesce(numerator, 0))::BIGINT AS numerator, sum(denominator)::BIGINT AS denominator
FROM (
  SELECT 'timeliness' AS measure, item_code, department, region_code, month, timely AS numerator, records AS denominator
  FROM counts
  UNION ALL SELECT 'completeness', item_code, department, region_code, month, filled, required FROM counts
  UNION ALL SELECT 'validity', item_code, department, region_code, month, valid, records FROM counts
  UNION ALL SELECT 'validity', item_code, department, region_code, month, 0, rows FROM refused
  UNION ALL SELECT 'uniqueness', item_code, department, region_code, month, single, records FROM counts
  UNION ALL SELECT 'consistency_subject', item_code, department, region_code, month, linked, records FROM counts
  UNION ALL SELECT 'consistency_name', item_code, department, region_code, month, same_name, named FROM counts
) GROUP BY ALL HAVING sum(denominator) > 0;
COPY (FROM measures ORDER BY ALL) TO '{output}/measures.csv' (HEADER);
"""
TOTALS = """
SELECT fault, count(*) FROM (SELECT unnest(faults) AS fault FROM read_parquet('{output}/entries/**/*.parquet'))
GROUP BY fault
UNION ALL SELECT 'accepted', count(*) FROM read_parquet('{output}/entries/**/*.parquet')
UNION ALL SELECT 'repeated', count(*) FROM again
UNION ALL SELECT 'quarantined', count(*) FROM read_parquet('{output}/quarantine.parquet')
"""


def main(workspace: str, output: str) -> None:
    """Run the whole work."""
    Path(output).mkdir(parents=True, exist_ok=True)
    weighted = " + ".join(
        f"((value{place // 6 + 1} >> {8 * (5 - place % 6)}) & 255) * {weight}" for place, weight in enumerate(WEIGHTS)
    )
    plain = [name for name in FIELDS if name not in {"record_id", "document_number", "subject_id", "event_date"}]
    conditions = [f"WHEN {condition} THEN '{code}'" for code, condition in FAULTS.items()]
    words = {
        "workspace": workspace,
        "output": output,
        "others": ", ".join(f"cell(r.{name}) AS {name}" for name in plain),
        "alphabet": ALPHABET,
        "weighted": weighted,
        "any": " OR ".join(f"({condition})" for condition in FAULTS.values()),
        "all": ", ".join(f"CASE {one} END" for one in conditions),
        "filled": " + ".join(f"({name} IS NOT NULL)::INT" for name in REQUIRED),
        "fields": ", ".join(FIELDS),
        "names": ", ".join(FIELDS),
        "pairs": ", ".join(f"'{name}': {name}" for name in FIELDS),
        "required": len(REQUIRED),
    }
    staging = Path(output, "staging.duckdb")
    connection = duckdb.connect(staging)
    connection.execute("SET preserve_insertion_order = false")
    for step in (LISTS, DELIVERED, KEYS, JUDGED, WRITE, MEASURES):
        connection.execute(step.format(**words))
    totals = dict(connection.execute(TOTALS.format(**words)).fetchall())
    Path(output, "totals.json").write_text(json.dumps(totals), encoding="utf-8")
    connection.close()
    staging.unlink()


if __name__ == "__main__":
    main(*sys.argv[1:3])
