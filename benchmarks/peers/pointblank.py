# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "pointblank==1.1.1",
#   "polars==2.1.0",
# ]
#
# [tool.benchmark]
# title = "pointblank on Polars"
# does = ["checks", "rows of duplicates", "calendar days", "some failing rows", "HTML report"]
# ///
"""The checks that pointblank has, over the whole table; its report is made, 500 failing rows a check are kept.

python -P pointblank.py WORKSPACE OUTPUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pointblank as pb
import polars as pl
from polars import col

FIELDS = ("record_id", "document_number", "subject_id", "subject_name", "subject_kind", "event_date", "licence_kind",
          "content", "valid_until", "amount", "post_code", "grade")  # fmt: skip
NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$"


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
    return rows.with_columns(lag=(col("received_on") - col("event_day")).dt.total_days()).collect()


def main(workspace: str, output: str) -> None:
    """Run the whole work."""
    folder, out = Path(workspace), Path(output)
    out.mkdir(parents=True, exist_ok=True)
    codes = pl.read_csv(folder / "catalogue/code_lists.csv", infer_schema=False)["code"].to_list()
    steps = pb.Validate(delivered(folder), tbl_name="deliveries")
    names = []

    def step(name: str, method: str, *given: object, **words: object) -> None:
        nonlocal steps
        steps = getattr(steps, method)(*given, **words)
        names.append(name)

    for name in ("subject_name", "subject_kind", "licence_kind", "content"):
        step(f"missing:{name}", "col_vals_not_null", name)
    for name, most in {"record_id": 64, "document_number": 64, "subject_name": 200, "content": 500}.items():
        step(f"max_length:{name}", "col_vals_str_len", name, max_val=most, na_pass=True)
    step("code_list:licence_kind", "col_vals_in_set", "licence_kind", [*codes, None])
    step("type:valid_until", "col_vals_expr", col("valid_until").is_null() | col("until_day").is_not_null())
    step("type:amount", "col_vals_regex", "amount", NUMBER, na_pass=True)
    step("minimum:amount", "col_vals_ge", "amount_value", 0, na_pass=True)
    step("maximum:amount", "col_vals_le", "amount_value", 1_000_000_000, na_pass=True)
    step("pattern:post_code", "col_vals_regex", "post_code", "^[0-9]{6}$", na_pass=True)
    step("type:grade", "col_vals_regex", "grade", "^[+-]?[0-9]+$", na_pass=True)
    step("minimum:grade", "col_vals_ge", "grade_value", 1, na_pass=True)
    step("maximum:grade", "col_vals_le", "grade_value", 5, na_pass=True)
    step("date_order", "col_vals_expr", col("received_on") >= col("event_day"))
    step("other:form of subject_id", "col_vals_regex", "subject_id", "^[0-9A-HJ-NPQRTUWXY]{18}$")
    step("other:duplicate documents", "rows_distinct", ["item_code", "department", "document_number"])
    step("other:late by calendar days", "col_vals_le", "lag", 20)
    steps = steps.interrogate()
    (out / "report.html").write_text(steps.get_tabular_report().as_raw_html(), encoding="utf-8")
    failed = steps.n_failed()
    totals = {name: failed[number] for number, name in enumerate(names, start=1)}
    (out / "totals.json").write_text(json.dumps(totals), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:3])
