# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "pandera[polars]==0.35.0",
#   "polars==2.1.0",
# ]
#
# [tool.benchmark]
# title = "pandera on Polars"
# does = ["checks", "rows of duplicates", "calendar days", "failing rows"]
# ///
"""The checks that a pandera schema has, over the whole table, all failures collected.

python -P pandera.py WORKSPACE OUTPUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandera.polars as pa
import polars as pl
from polars import col

FIELDS = ("record_id", "document_number", "subject_id", "subject_name", "subject_kind", "event_date", "licence_kind",
          "content", "valid_until", "amount", "post_code", "grade")  # fmt: skip
NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$"

#: The fault that each column's check finds, by the first word of what pandera calls the check.
FAULTS = {
    ("subject_name", "not_nullable"): "missing:subject_name",
    ("subject_kind", "not_nullable"): "missing:subject_kind",
    ("licence_kind", "not_nullable"): "missing:licence_kind",
    ("content", "not_nullable"): "missing:content",
    ("record_id", "str_length"): "max_length:record_id",
    ("document_number", "str_length"): "max_length:document_number",
    ("subject_name", "str_length"): "max_length:subject_name",
    ("content", "str_length"): "max_length:content",
    ("licence_kind", "isin"): "code_list:licence_kind",
    ("amount", "str_matches"): "type:amount",
    ("post_code", "str_matches"): "pattern:post_code",
    ("grade", "str_matches"): "type:grade",
    ("amount_value", "greater_than_or_equal_to"): "minimum:amount",
    ("amount_value", "less_than_or_equal_to"): "maximum:amount",
    ("grade_value", "greater_than_or_equal_to"): "minimum:grade",
    ("grade_value", "less_than_or_equal_to"): "maximum:grade",
    ("is_day", "equal_to"): "type:valid_until",
    ("is_in_order", "equal_to"): "date_order",
    ("subject_id", "str_matches"): "other:form of subject_id",
    ("lag", "less_than_or_equal_to"): "other:late by calendar days",
    (None, "multiple_fields_uniqueness"): "other:duplicate documents",
}


def delivered(workspace: Path) -> pl.DataFrame:
    """The delivered rows that have a number, a subject and a day, with typed columns beside their texts."""
    files = pl.read_csv(workspace / "inbox/manifest.csv", infer_schema=False).select(
        "item_code",
        "department",
        filename=str(workspace / "inbox") + "/" + col("path"),
        received_on=col("delivered_at")
        .str.to_datetime(time_zone="UTC")
        .dt.convert_time_zone("Asia/Shanghai")
        .dt.date(),
    )
    text = {name: col(name).str.strip_chars() for name in FIELDS}
    rows = pl.scan_parquet(files["filename"].to_list(), include_file_paths="filename").with_columns(
        **{name: pl.when(~one.is_in(["", "—", "--", "NULL"])).then(one) for name, one in text.items()}
    )
    rows = rows.join(files.lazy(), on="filename").with_columns(
        event_day=col("event_date").str.to_date("%Y-%m-%d", strict=False),
        until_day=col("valid_until").str.to_date("%Y-%m-%d", strict=False),
        amount_value=pl.when(col("amount").str.contains(NUMBER)).then(col("amount").cast(pl.Float64, strict=False)),
        grade_value=col("grade").cast(pl.Int64, strict=False),
    )
    rows = rows.filter(pl.all_horizontal(col(one).is_not_null() for one in ("record_id", "subject_id", "event_day")))
    return rows.with_columns(
        lag=(col("received_on") - col("event_day")).dt.total_days(),
        is_day=col("valid_until").is_null() | col("until_day").is_not_null(),
        is_in_order=col("received_on") >= col("event_day"),
    ).collect()


def schema(codes: list[str]) -> pa.DataFrameSchema:
    """The schema."""

    def text(*checks: pa.Check, nullable: bool = True) -> pa.Column:
        return pa.Column(pl.String, list(checks), nullable=nullable)

    def most(length: int) -> pa.Check:
        return pa.Check.str_length(max_value=length)

    check = pa.Check
    return pa.DataFrameSchema(
        {
            "record_id": text(most(64)),
            "document_number": text(most(64)),
            "subject_id": text(check.str_matches("^[0-9A-HJ-NPQRTUWXY]{18}$")),
            "subject_name": text(most(200), nullable=False),
            "subject_kind": text(nullable=False),
            "licence_kind": text(check.isin(codes), nullable=False),
            "content": text(most(500), nullable=False),
            "amount": text(check.str_matches(NUMBER)),
            "post_code": text(check.str_matches("^[0-9]{6}$")),
            "grade": text(check.str_matches("^[+-]?[0-9]+$")),
            "amount_value": pa.Column(
                pl.Float64,
                [check.ge(0), check.le(1_000_000_000)],
                nullable=True,
            ),
            "grade_value": pa.Column(pl.Int64, [check.ge(1), check.le(5)], nullable=True),
            "is_day": pa.Column(pl.Boolean, check.eq(True)),
            "is_in_order": pa.Column(pl.Boolean, check.eq(True, name="date_order")),
            "lag": pa.Column(pl.Int64, check.le(20)),
        },
        unique=["item_code", "department", "document_number"],
    )


def main(workspace: str, output: str) -> None:
    """Run the whole work."""
    folder, out = Path(workspace), Path(output)
    out.mkdir(parents=True, exist_ok=True)
    codes = pl.read_csv(folder / "catalogue/code_lists.csv", infer_schema=False)["code"].to_list()
    totals = dict.fromkeys(FAULTS.values(), 0)
    try:
        schema(codes).validate(delivered(folder), lazy=True)
    except pa.errors.SchemaErrors as error:
        cases = error.failure_cases
        cases.write_parquet(out / "failure_cases.parquet")
        for column, check, count in cases.group_by("column", "check").len().iter_rows():
            totals[FAULTS[column, check.partition("(")[0]]] = count
    (out / "totals.json").write_text(json.dumps(totals), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:3])
