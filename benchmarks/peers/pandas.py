# /// script
# requires-python = ">=3.11"
# dependencies = [
#   "pandas==3.1.1",
#   "pyarrow==26.0.1",
# ]
#
# [tool.benchmark]
# title = "pandas and NumPy, by hand"
# does = ["checks", "check digit", "repeated rows", "duplicate keys", "register", "working days", "groups",
#   "entries and payloads", "quarantine", "failing rows"]
# ///
"""The same checks and figures in pandas and NumPy, written by hand for this one record schema.

    python -P pandas.py WORKSPACE OUTPUT

Writes entries, payloads and quarantine as Parquet, `measures.csv` and `totals.json`.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

ALPHABET = "0123456789ABCDEFGHJKLMNPQRTUWXY"
WEIGHTS = [3**place % 31 for place in range(17)] + [1]
FIELDS = ["record_id", "document_number", "subject_id", "subject_name", "subject_kind", "event_date", "licence_kind",
          "content", "valid_until", "amount", "post_code", "grade"]  # fmt: skip
REQUIRED = ["record_id", "subject_id", "subject_name", "subject_kind", "event_date", "licence_kind", "content"]
FOLDED = {"record_id", "document_number", "subject_id"}
BLANKS = ["", "—", "--", "NULL"]
CELL = ["item_code", "department", "region_code", "month"]
NUMBER = r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]{1,2})?"
PERSON = "natural_person"
TEXT = pd.ArrowDtype(pa.string())


def lists(workspace: Path) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame, list[str]]:
    """Deliveries with their items' rules; working-day ordinals by day; the register; the codes."""

    def read(name: str) -> pd.DataFrame:
        return pd.read_csv(workspace / name, dtype=str, keep_default_na=False)

    items = read("catalogue/2026/items.csv")
    limit = items["collection_time_limit"].str.split(" ")
    items["limit_days"], items["is_working"] = limit.str[0].astype(int), limit.str[1] == "working"
    files = read("inbox/manifest.csv")
    files["manifest_row"] = np.arange(1, len(files) + 1)
    files = files.merge(items[["item_code", "limit_days", "is_working", "subject_kinds"]], on="item_code")
    files["delivered_at"] = pd.to_datetime(files["delivered_at"])
    local = files["delivered_at"].dt.tz_convert("Asia/Shanghai")
    files["received_on"] = local.dt.tz_localize(None).dt.floor("D").astype("datetime64[s]")
    days = read("working_days.csv")
    ordinals = days["is_working"].astype(int).cumsum().to_numpy()
    calendar = pd.DataFrame({"day": pd.to_datetime(days["day"]).astype("datetime64[s]"), "ordinal": ordinals})
    register = read("subjects.csv").astype({"subject_name": TEXT})
    register["subject_id"] = register["subject_id"].str.strip().str.upper()
    named = register["subject_kind"] != PERSON
    register["register_name64"] = hashed(fold(register["subject_name"])).where(named, 0)
    codes = read("catalogue/code_lists.csv")
    listed = codes.loc[codes["code_list"] == "licence_kind", "code"].tolist()
    return files, calendar, register[["subject_id", "register_name64"]], listed


def hashed(*columns: pd.Series) -> pd.Series:
    """64 bits of texts, column after column."""
    total = np.zeros(len(columns[0]), dtype=np.uint64)
    for column in columns:
        codes, distinct = pd.factorize(column, use_na_sentinel=False)
        total = total * np.uint64(0x9E3779B97F4A7C15) + pd.util.hash_array(distinct.to_numpy(dtype=object))[codes]
    return pd.Series(total, index=columns[0].index)


def fold(names: pd.Series) -> pd.Series:
    """Names as they are compared."""
    names = names.str.lower()
    for old, new in (("（", "("), ("）", ")"), (" ", ""), ("　", "")):
        names = names.str.replace(old, new, regex=False)
    return names


def cell(column: pd.Series, name: str) -> pd.Series:
    """Trimmed cells, null where they are blank."""
    text = column.str.strip()
    text = text.str.upper() if name in FOLDED else text
    return text.mask(text.isin(BLANKS))


def days_of(column: pd.Series) -> pd.Series:
    """The days that texts stand for, each distinct text once."""
    codes, distinct = pd.factorize(column)
    days = pd.Series(pd.NaT, index=range(len(distinct)), dtype="datetime64[s]")
    texts = pd.Series(distinct.to_numpy(dtype=object))
    for form in ("%Y-%m-%d", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%Y年%m月%d日"):
        days = days.fillna(pd.to_datetime(texts, format=form, errors="coerce").astype("datetime64[s]"))
    found = np.append(days.to_numpy(), np.datetime64("NaT", "s"))[codes]
    return pd.Series(found, index=column.index)


def delivered(workspace: Path, files: pd.DataFrame) -> pd.DataFrame:
    """Every delivered row, trimmed and folded, with its delivery and its keys."""
    tables = [pq.read_table(workspace / "inbox" / path) for path in files["path"]]
    sizes = [table.num_rows for table in tables]
    rows = pa.concat_tables(tables).to_pandas(types_mapper={pa.string(): TEXT}.get)
    del tables
    for name in FIELDS:
        rows[name] = cell(rows[name], name)
    place = np.repeat(np.arange(len(files)), sizes)
    for name in ("manifest_row", "limit_days", "is_working", "received_on", "delivered_at"):
        rows[name] = files[name].array[place]
    for name in ("path", "item_code", "department", "region_code", "subject_kinds"):
        rows[name] = pd.Categorical(files[name]).take(place)
    rows["row_no"] = np.concatenate([np.arange(1, size + 1) for size in sizes])
    rows["event_day"] = days_of(rows["event_date"])
    rows["key64"] = hashed(rows["item_code"], rows["department"], rows["record_id"])
    natural = hashed(rows["item_code"], rows["department"], rows["document_number"])
    rows["natural64"] = natural.where(rows["document_number"].notna(), rows["key64"])
    return rows


def right_codes(subjects: pd.Series) -> pd.Series:
    """The distinct identifiers with a right check character."""
    distinct = pd.Series(subjects.unique())
    formed = distinct[distinct.str.fullmatch(f"[{ALPHABET}]{{18}}")]
    bytes_ = np.frombuffer("".join(formed).encode(), dtype=np.uint8).reshape(len(formed), 18)
    values = np.zeros(256, dtype=np.int16)
    values[np.frombuffer(ALPHABET.encode(), dtype=np.uint8)] = np.arange(31)
    total = sum(values[bytes_[:, place]] * np.int16(weight) for place, weight in enumerate(WEIGHTS))
    return formed[total % 31 == 0]


def judge(rows: pd.DataFrame, calendar: pd.DataFrame, codes: list[str]) -> pd.DataFrame:
    """Add kinds, lags and faults to the rows that became records."""
    rows["until_day"] = days_of(rows["valid_until"])
    rows["amount_value"] = pd.to_numeric(
        rows["amount"].where(rows["amount"].str.fullmatch(NUMBER)), errors="coerce"
    ).astype("float64")
    is_person = rows["subject_id"].str.startswith("92").astype(bool)
    rows["judged_kind"] = rows["subject_kind"].mask(is_person, PERSON)
    ordinal = pd.Series(calendar["ordinal"].to_numpy(), index=calendar["day"])
    worked = ordinal.reindex(rows["received_on"]).to_numpy() - ordinal.reindex(rows["event_day"]).to_numpy()
    plain = (rows["received_on"] - rows["event_day"]).dt.days.to_numpy()
    lag = np.where(rows["is_working"], np.where(plain < 0, np.minimum(worked, -1), worked), plain)
    rows["lag"] = pd.array(lag, dtype="Float64")
    rows["is_person"] = is_person
    rows["faults"] = listed(faults(rows, codes), rows)
    return rows


def faults(rows: pd.DataFrame, codes: list[str]) -> dict[str, pd.Series]:
    """Each fault with the rows that have it."""
    amount, grade = rows["amount_value"], rows["grade"]
    number = pd.to_numeric(grade.where(grade.str.fullmatch("[+-]?[0-9]+")), errors="coerce").astype("float64")
    lengths = {"record_id": 64, "document_number": 64, "subject_name": 200, "content": 500}
    named = ("subject_name", "subject_kind", "licence_kind", "content")
    first = rows.sort_values(["delivered_at", "manifest_row", "row_no"])
    owner = first.drop_duplicates("natural64").set_index("natural64")["key64"]
    again = rows["natural64"].duplicated(keep=False)
    is_second = pd.Series(False, index=rows.index)
    is_second[again] = owner.reindex(rows.loc[again, "natural64"]).to_numpy() != rows.loc[again, "key64"]
    scopes = pd.Series(list(zip(rows["judged_kind"].fillna("").astype("category"), rows["subject_kinds"], strict=True)))
    scope_codes, pairs = pd.factorize(scopes)
    outside = np.array([kind not in kinds.split(";") for kind, kinds in pairs])[scope_codes]
    wrong = ~rows["subject_id"].isin(right_codes(rows["subject_id"])) & ~rows["is_person"]
    return (
        {f"missing:{name}": rows[name].isna() for name in named}
        | {f"max_length:{name}": rows[name].str.len() > most for name, most in lengths.items()}
        | {
            "code_list:licence_kind": rows["licence_kind"].notna() & ~rows["licence_kind"].isin(codes),
            "type:valid_until": rows["valid_until"].notna() & rows["until_day"].isna(),
            "type:amount": rows["amount"].notna() & amount.isna(),
            "minimum:amount": amount < 0,
            "maximum:amount": amount > 1_000_000_000,
            "pattern:post_code": ~rows["post_code"].str.fullmatch("[0-9]{6}"),
            "type:grade": grade.notna() & number.isna(),
            "minimum:grade": number < 1,
            "maximum:grade": number > 5,
            "check_digit:subject_id": wrong,
            "out_of_scope": pd.Series(outside, index=rows.index),
            "date_order": rows["received_on"] < rows["event_day"],
            "duplicate_key": is_second,
        }
    )


def listed(conditions: dict[str, pd.Series], rows: pd.DataFrame) -> pd.Series:
    """The codes of each row's faults, as a list a row."""
    masks = {code: mask.fillna(False).to_numpy(dtype=bool) for code, mask in conditions.items()}
    place = np.concatenate([np.flatnonzero(mask) for mask in masks.values()])
    code = np.repeat(np.arange(len(masks)), [int(mask.sum()) for mask in masks.values()])
    order = np.argsort(place, kind="stable")
    ends = np.cumsum(np.bincount(place, minlength=len(rows)))
    offsets = pa.array(np.append(0, ends), pa.int32())
    texts = pa.array(list(masks)).take(pa.array(code[order]))
    lists_ = pa.ListArray.from_arrays(offsets, texts)
    return pd.Series(pd.arrays.ArrowExtensionArray(lists_), index=rows.index)


def entries(rows: pd.DataFrame) -> pd.DataFrame:
    """One narrow entry a record."""
    return pd.DataFrame(
        {
            "sign": np.int8(1), "effective_on": rows["received_on"], "run_no": 1, "key64": rows["key64"],
            "record_id": rows["record_id"], "item_code": rows["item_code"], "department": rows["department"],
            "region_code": rows["region_code"], "subject_id": rows["subject_id"], "subject_kind": rows["judged_kind"],
            "event_date": rows["event_day"], "first_received_on": rows["received_on"],
            "received_on": rows["received_on"], "valid_until": rows["until_day"], "amount": rows["amount_value"],
            "record_state": pd.Categorical(["normal"]).take(np.zeros(len(rows), dtype=int)), "faults": rows["faults"],
            "filled_count": rows[REQUIRED].notna().sum(axis=1), "required_count": len(REQUIRED), "lag": rows["lag"],
            "natural_key64": rows["natural64"],
            "name64": hashed(fold(rows["subject_name"])).where(~rows["is_person"], 0),
            "content64": hashed(*(rows[name] for name in FIELDS)), "delivery_id": rows["path"],
            "row_no": rows["row_no"], "revision": 1, "limit_days": rows["limit_days"],
        }
    )  # fmt: skip


def measure(found: pd.DataFrame, register: pd.DataFrame, refused: pd.DataFrame) -> pd.DataFrame:
    """Numerators and denominators of six measures by item, department, unit and month."""
    rows = found[
        found["event_date"].between("2026-01-01", "2026-12-31") & (found["effective_on"] <= pd.Timestamp("2026-12-01"))
    ]
    names = pd.Series(register["register_name64"].to_numpy(), index=pd.Index(register["subject_id"], dtype=TEXT))
    place = names.index.get_indexer(rows["subject_id"])
    linked, known = place >= 0, names.to_numpy()[place]
    named = linked & (rows["subject_kind"].fillna("") != PERSON).to_numpy(dtype=bool)
    size = rows["faults"].list.len().to_numpy(dtype=np.int64)
    flat, parent = rows["faults"].list.flatten(), np.repeat(np.arange(len(rows)), size)
    double = np.zeros(len(rows), dtype=bool)
    double[parent[(flat == "duplicate_key").to_numpy(dtype=bool)]] = True
    lag, one = rows["lag"].to_numpy(dtype=float, na_value=np.nan), np.ones(len(rows), dtype=np.int64)
    sides = {
        "timeliness": ((lag >= 0) & (lag <= rows["limit_days"].to_numpy()), one),
        "completeness": (rows["filled_count"].to_numpy(), rows["required_count"].to_numpy()),
        "validity": (size == 0, one),
        "uniqueness": (~double, one),
        "consistency_subject": (linked, one),
        "consistency_name": (named & (rows["name64"].to_numpy() == known), named),
    }
    month = rows["event_date"].to_numpy().astype("datetime64[M]")
    groups = {name: rows[name].to_numpy() for name in CELL[:3]} | {"month": month.astype("datetime64[s]")}
    values = {(name, side): both[side].astype(np.int64) for name, both in sides.items() for side in (0, 1)}
    counts = pd.DataFrame(groups).assign(**{f"{name} {side}": one for (name, side), one in values.items()})
    counts = counts.groupby(CELL, observed=True).sum().reset_index()
    parts = [
        counts[[*CELL, f"{name} 0", f"{name} 1"]].set_axis([*CELL, "numerator", "denominator"], axis=1)
        .assign(measure=name)
        for name in sides
    ]  # fmt: skip
    late = refused[["item_code", "department", "region_code"]].astype(object)
    late = late.assign(month=refused["received_on"].to_numpy().astype("datetime64[M]").astype("datetime64[s]"))
    late = late.groupby(CELL).size().reset_index(name="denominator")
    parts.append(late.assign(measure="validity", numerator=0))
    keys = ["measure", *CELL]
    summed = pd.concat(parts).groupby(keys, as_index=False)[["numerator", "denominator"]].sum()
    return summed[summed["denominator"] > 0]


def main(workspace: str, output: str) -> None:
    """Run the whole work."""
    folder, out = Path(workspace), Path(output)
    out.mkdir(parents=True, exist_ok=True)
    files, calendar, register, codes = lists(folder)
    rows = delivered(folder, files)
    is_kept = rows[["record_id", "subject_id", "event_day"]].notna().all(axis=1)
    refused = rows[~is_kept]
    missing = refused[["record_id", "subject_id", "event_day"]].isna().to_numpy()
    reason = np.array(["no record_id", "no subject_id", "no event_date"])[missing.argmax(axis=1)]
    kept = refused[["path", "row_no", *CELL[:3], "received_on", *FIELDS]]
    kept.assign(reason=reason).to_parquet(out / "quarantine.parquet")
    rows = rows[is_kept]
    rows[["path", "row_no", "delivered_at", "key64", "natural64", *FIELDS]].to_parquet(out / "payloads.parquet")
    count = len(rows)
    rows = rows.sort_values(["delivered_at", "manifest_row", "row_no"]).drop_duplicates("key64").reset_index(drop=True)
    found = entries(judge(rows, calendar, codes))
    del rows
    found.assign(event_month=found["event_date"].dt.strftime("%Y-%m")).to_parquet(out / "entries.parquet")
    measure(found, register, refused).to_csv(out / "measures.csv", index=False)
    totals = found["faults"].list.flatten().value_counts().to_dict()
    totals |= {"accepted": len(found), "repeated": count - len(found), "quarantined": len(refused)}
    (out / "totals.json").write_text(json.dumps({name: int(n) for name, n in totals.items()}), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:3])
