# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "great-expectations==1.24.1",
#   "pyarrow==26.0.1",
# ]
#
# [tool.benchmark]
# title = "Great Expectations on pandas"
# does = ["checks", "rows of duplicates", "calendar days"]
# environment = { GX_ANALYTICS_ENABLED = "false" }
# ///
"""The expectations that the checks come to, over the whole table: counts, no rows.

GX_ANALYTICS_ENABLED=false python -P great_expectations.py WORKSPACE OUTPUT
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import great_expectations as gx
import great_expectations.expectations as gxe
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

FIELDS = ("record_id", "document_number", "subject_id", "subject_name", "subject_kind", "event_date", "licence_kind",
          "content", "valid_until", "amount", "post_code", "grade")  # fmt: skip
NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?$"


def delivered(workspace: Path) -> pd.DataFrame:
    """The delivered rows that have a number, a subject and a day, with typed columns beside their texts."""
    files = pd.read_csv(workspace / "inbox/manifest.csv", dtype=str, keep_default_na=False)
    received = pd.to_datetime(files["delivered_at"]).dt.tz_convert("Asia/Shanghai").dt.tz_localize(None).dt.normalize()
    tables = [pq.read_table(workspace / "inbox" / path) for path in files["path"]]
    sizes = [table.num_rows for table in tables]
    rows = pa.concat_tables(tables).to_pandas()
    del tables
    for name in FIELDS:
        text = rows[name].str.strip()
        rows[name] = text.mask(text.isin(["", "—", "--", "NULL"]))
    for name, values in (
        ("item_code", files["item_code"]),
        ("department", files["department"]),
        ("received", received),
    ):
        rows[name] = values.repeat(sizes).array
    rows["event_day"] = pd.to_datetime(rows["event_date"], format="%Y-%m-%d", errors="coerce")
    rows["until_day"] = pd.to_datetime(rows["valid_until"], format="%Y-%m-%d", errors="coerce")
    for name in ("amount", "grade"):
        rows[f"{name}_value"] = pd.to_numeric(rows[name], errors="coerce")
    rows = rows[rows[["record_id", "subject_id", "event_day"]].notna().all(axis=1)].reset_index(drop=True)
    rows["lag"] = (rows["received"] - rows["event_day"]).dt.days
    rows["is_day"] = rows["valid_until"].isna() | rows["until_day"].notna()
    rows["is_in_order"] = rows["received"] >= rows["event_day"]
    return rows


def expectations(codes: list[str]) -> dict[str, gxe.Expectation]:
    """An expectation for each fault."""
    lengths = {"record_id": 64, "document_number": 64, "subject_name": 200, "content": 500}
    named = ("subject_name", "subject_kind", "licence_kind", "content")

    def form(name: str, regex: str) -> gxe.Expectation:
        return gxe.ExpectColumnValuesToMatchRegex(column=name, regex=regex)

    def span(name: str, **ends: float) -> gxe.Expectation:
        return gxe.ExpectColumnValuesToBeBetween(column=name, **ends)

    return (
        {f"missing:{name}": gxe.ExpectColumnValuesToNotBeNull(column=name) for name in named}
        | {
            f"max_length:{name}": gxe.ExpectColumnValueLengthsToBeBetween(column=name, max_value=most)
            for name, most in lengths.items()
        }
        | {
            "code_list:licence_kind": gxe.ExpectColumnValuesToBeInSet(column="licence_kind", value_set=codes),
            "type:valid_until": gxe.ExpectColumnValuesToBeInSet(column="is_day", value_set=[True]),
            "type:amount": form("amount", NUMBER),
            "minimum:amount": span("amount_value", min_value=0),
            "maximum:amount": span("amount_value", max_value=1_000_000_000),
            "pattern:post_code": form("post_code", "^[0-9]{6}$"),
            "type:grade": form("grade", "^[+-]?[0-9]+$"),
            "minimum:grade": span("grade_value", min_value=1),
            "maximum:grade": span("grade_value", max_value=5),
            "date_order": gxe.ExpectColumnValuesToBeInSet(column="is_in_order", value_set=[True]),
            "other:form of subject_id": form("subject_id", "^[0-9A-HJ-NPQRTUWXY]{18}$"),
            "other:duplicate documents": gxe.ExpectCompoundColumnsToBeUnique(
                column_list=["item_code", "department", "document_number"]
            ),
            "other:late by calendar days": span("lag", max_value=20),
        }
    )


def main(workspace: str, output: str) -> None:
    """Run the whole work."""
    folder, out = Path(workspace), Path(output)
    out.mkdir(parents=True, exist_ok=True)
    codes = pd.read_csv(folder / "catalogue/code_lists.csv", dtype=str)["code"].tolist()
    context = gx.get_context(mode="ephemeral")
    context.variables.progress_bars = {"globally": False}
    whole = context.data_sources.add_pandas("deliveries").add_dataframe_asset("licences")
    batch = whole.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": delivered(folder)})
    named = expectations(codes)
    suite = gx.ExpectationSuite(name="licences", expectations=list(named.values()))
    found = batch.validate(suite, result_format="BASIC")
    results = {_key(one.expectation_config): one.result for one in found.results}
    totals = {name: int(results[_key(one.configuration)]["unexpected_count"]) for name, one in named.items()}
    (out / "totals.json").write_text(json.dumps(totals), encoding="utf-8")


def _key(configuration: object) -> str:
    """What tells one expectation from another."""
    given = {name: value for name, value in configuration.kwargs.items() if name != "batch_id"}
    return json.dumps([configuration.type, given], sort_keys=True, default=str)


if __name__ == "__main__":
    main(*sys.argv[1:3])
