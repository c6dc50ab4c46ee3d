"""Protect rows before anything is written: who is a person is settled, and what names a person is gone (Article 4).

Works on whole Arrow columns. What leaves here is text that may be stored: identifiers folded, natural persons under
keyed pseudonyms and without names, resident IDs in free text masked.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.catalogue.edition import DataFormat
from creditlab.checks.names import KIND, MASKED, RIGHT_CODE
from creditlab.identifiers import (
    fold_identifier,
    fold_name,
    has_valid_check_character,
    is_natural_person_code,
    keyed_digest,
    mask_resident_ids,
    pseudonyms,
)
from creditlab.terms import IdentifierPattern, Role, SubjectKind
from creditlab.textbytes import may_have_edges, whole

#: Stands for a name that was filled in and is not kept.
WITHHELD = "*"
_UNIT = "\x1f"
#: Texts that rows are hashed over, and whether a row is about a natural person.
CONTENT, NATURAL_KEY, NAME, IS_PERSON = "content_text", "natural_key_text", "folded_name", "is_person"


@dataclass(frozen=True)
class Protection:
    """What protecting rows needs to know."""

    key: bytes
    blanks: tuple[str, ...]


def fill(column: pa.ChunkedArray | pa.Array | None, length: int) -> pa.Array:
    """A column as one array of text, empty where it was absent."""
    if column is None:
        return pa.array([""] * length, pa.string())
    return pc.fill_null(whole(column).cast(pa.string()), "")


def trim(values: pa.Array) -> pa.Array:
    """Cells without white space around them."""
    return pc.utf8_trim_whitespace(values) if may_have_edges(values) else values


def is_blank(values: pa.Array, blanks: tuple[str, ...]) -> np.ndarray:
    """Whether each trimmed cell holds nothing."""
    return pc.is_in(values, value_set=pa.array(["", *blanks])).to_numpy(zero_copy_only=False)


def nullify(values: pa.Array, blanks: tuple[str, ...]) -> pa.Array:
    """Trimmed cells, null where they hold nothing."""
    return pc.if_else(pa.array(is_blank(values, blanks)), None, values)


def fold_fields(schema: DataFormat) -> list[str]:
    """The fields that identify something and are folded before anything else."""
    return [one.name for role in (Role.RECORD_ID, Role.SUBJECT_ID, Role.KEY) for one in schema.by_role(role)]


def protect(
    rows: pa.Table, schema: DataFormat, others: list[str], identifying: set[str], protection: Protection
) -> pa.Table:
    """Protect rows of one record schema.

    Parameters
    ----------
    rows
        One row per delivered row: the schema's fields and `others` (columns that the schema doesn't know) as
        delivered; further columns pass through.
    schema
        The record schema of the edition that applies.
    others
        Delivered columns outside the schema; they count as content and are then dropped.
    identifying
        Columns that identify something in any edition that has the item: they are compared folded, whichever edition
        applies, so that an edition that no longer calls a field a key doesn't make other content of the same text.

    Returns
    -------
    pyarrow.Table
        The rows with every field trimmed and protected (null where blank), and the columns `judged_kind` (null where
        unknown), `has_right_code`, `is_masked`, `folded_name` (null where no name is kept), `content_text` and
        `natural_key_text` (null where the natural key is the record's own).
    """
    raw = {name: fill(rows[name] if name in rows.column_names else None, rows.num_rows) for name in _fields(schema)}
    extra = {name: fill(rows[name], rows.num_rows) for name in others}
    for folded in fold_fields(schema):
        raw[folded] = fold_identifier(raw[folded])
    subject, name = schema.name_of(Role.SUBJECT_ID), schema.name_of(Role.SUBJECT_NAME)
    kind, is_person = settle_kinds(raw, schema, protection.blanks)
    is_masked = np.zeros(rows.num_rows, dtype=bool)
    for column in (raw, extra):
        for text in column:
            if text != subject:
                column[text], found = mask_resident_ids(column[text], protection.key)
                is_masked |= found
    right_code = has_valid_check_character(raw[subject]) if subject else np.zeros(rows.num_rows, dtype=bool)
    if subject:
        raw[subject] = _replace(raw[subject], is_person, lambda chosen: pseudonyms(chosen, protection.key))
        # A number with words around it makes no person of the row, and is not kept all the same.
        raw[subject], _ = mask_resident_ids(raw[subject], protection.key)
    content = dict(raw)
    if name:
        content[name] = _replace(raw[name], is_person, lambda chosen: keyed_digest(chosen, protection.key))
    compared = content | extra
    for other in identifying.intersection(compared).difference(fold_fields(schema)):
        compared[other] = fold_identifier(compared[other])
    trimmed = {field: trim(values) for field, values in raw.items()}
    folded_name = pa.nulls(rows.num_rows, pa.string())
    if name:
        unnamed = is_blank(trimmed[name], protection.blanks)
        folded_name = fold_name(pc.if_else(pa.array(is_person | unnamed), None, trimmed[name]))
    passed = [column for column in rows.column_names if column not in raw and column not in extra]
    return pa.table(
        {column: rows[column] for column in passed}
        | {field: nullify(values, protection.blanks) for field, values in trimmed.items()}
        | {
            KIND: kind,
            RIGHT_CODE: pa.array(right_code),
            MASKED: pa.array(is_masked),
            IS_PERSON: pa.array(is_person),
            NAME: folded_name,
            CONTENT: _content_text(compared),
            NATURAL_KEY: natural_key_text(trimmed, schema, protection.blanks),
        }
    )


def _fields(schema: DataFormat) -> list[str]:
    return [one.name for one in schema.fields]


def settle_kinds(raw: dict[str, pa.Array], schema: DataFormat, blanks: tuple[str, ...]) -> tuple[pa.Array, np.ndarray]:
    """The kind of each row's subject, and whether it is a natural person, settled before any check."""
    length = len(next(iter(raw.values())))
    kind_field, subject = schema.name_of(Role.SUBJECT_KIND), schema.name_of(Role.SUBJECT_ID)
    kind = pa.nulls(length, pa.string())
    if kind_field:
        text = pc.utf8_trim_whitespace(raw[kind_field])
        kind = pc.if_else(pa.array(is_blank(text, blanks)), None, text)
    if subject and schema.identifier_pattern is IdentifierPattern.USCC:
        coded = is_natural_person_code(raw[subject])
        kind = pc.if_else(pa.array(coded), str(SubjectKind.NATURAL_PERSON), kind)
    is_person = pc.fill_null(pc.equal(kind, str(SubjectKind.NATURAL_PERSON)), False)
    return kind, is_person.to_numpy(zero_copy_only=False)


def _replace(values: pa.Array, chosen: np.ndarray, change: object) -> pa.Array:
    """Change the chosen, non-empty values of a column."""
    chosen = chosen & (pc.binary_length(values).to_numpy(zero_copy_only=False) > 0)
    if not chosen.any():
        return values
    mask = pa.array(chosen)
    return pc.replace_with_mask(values, mask, change(values.filter(mask)).cast(values.type))  # type: ignore[operator]


def _content_text(columns: dict[str, pa.Array]) -> pa.Array:
    """Every filled cell, and which columns they stand in, so that two rows have one text only if they say the same.

    An empty cell counts like an absent column: whether a department wrote the column's header says nothing.
    """
    names, parts = sorted(columns), []
    count = len(next(iter(columns.values())))
    mask = np.zeros(count, dtype=object if len(names) > 62 else np.int64)
    for place, name in enumerate(names):
        values = columns[name]
        if _holds_unit(values):
            # Doubled, a value's own separator can't pass for the end of the value.
            values = pc.replace_substring(values, _UNIT, _UNIT * 2)
        is_filled = pc.not_equal(values, "")
        filled_count = pc.sum(is_filled).as_py() or 0
        if filled_count:
            mask += is_filled.to_numpy(zero_copy_only=False).astype(mask.dtype) << place
            parts.append(values if filled_count == count else pc.if_else(is_filled, values, None))
    masks, inverse = np.unique(mask, return_inverse=True)
    filled = pa.array([";".join(name for n, name in enumerate(names) if one >> n & 1) for one in masks.tolist()])
    return pc.binary_join_element_wise(filled.take(pa.array(inverse)), *parts, f"{_UNIT} ", null_handling="skip")


def _holds_unit(values: pa.Array) -> bool:
    """Whether the separator stands anywhere in a column's text."""
    data = values.buffers()[2]
    return data is not None and bool((np.frombuffer(data, dtype=np.uint8) == ord(_UNIT)).any())


def natural_key_text(trimmed: dict[str, pa.Array], schema: DataFormat, blanks: tuple[str, ...]) -> pa.Array:
    """The fields that make the natural key, as one text; null where the schema has none or all of them are blank."""
    keys = [one.name for one in schema.by_role(Role.KEY)]
    length = len(next(iter(trimmed.values())))
    if not keys:
        return pa.nulls(length, pa.string())
    is_empty = np.logical_and.reduce([is_blank(trimmed[name], blanks) for name in keys])
    # A mark for nothing is nothing, as it is where the row is judged again.
    joined = _content_text({name: fill(nullify(trimmed[name], blanks), length) for name in keys})
    return pc.if_else(pa.array(is_empty), None, joined)
