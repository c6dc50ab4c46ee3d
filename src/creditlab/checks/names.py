"""What checks are given and what they answer: the columns beside a schema's fields, and the codes of faults."""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditlab.terms import FieldType, Role

if TYPE_CHECKING:
    from creditlab.catalogue.edition import DataFormat

#: What the checks need beside the schema's fields, and what they are called there.
KIND, RIGHT_CODE, KEPT_FAULTS, MASKED = "judged_kind", "has_right_code", "kept_faults", "is_masked"

DUPLICATE_KEY = "duplicate_key"
DATE_ORDER = "date_order"
CHECK_DIGIT = "check_digit:subject_id"
OUT_OF_SCOPE = "out_of_scope"
PERSONAL_DATA = "personal_data"
#: Ends each code in a text of faults.
SEPARATOR = "\x1f"


def day_name(field: str) -> str:
    """The column that holds the day which a field's text stands for; null where it stands for none."""
    return f"day\x1f{field}"


def day_fields(schema: DataFormat) -> list[str]:
    """The fields whose texts have to be read as days before rows can be judged."""
    roles = (Role.EVENT_DATE, Role.VALID_UNTIL)
    return [one.name for one in schema.fields if one.type is FieldType.DATE or one.role in roles]
