"""What each CSV file holds, said as the W3C's CSV on the Web says it (csv-metadata.json)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from creditlab.disclosure import Marker
from creditlab.messages import Messages
from creditlab.tables import Kind, Table, nothing_listed

METADATA = "csv-metadata.json"
_TYPES = {
    Kind.INTEGER: "integer", Kind.SHARE: "number", Kind.POINTS: "number", Kind.NUMBER: "number", Kind.FLAG: "boolean",
}  # fmt: skip


def metadata(tables: Sequence[Table], title: str, stamp: Sequence[tuple[str, str]], messages: Messages) -> str:
    """The metadata of a folder of tables, to be written beside them.

    Every column has its name in the file, its title for readers, its type, and `[c]` and an empty cell as null.
    """
    lang = messages.html_lang
    content = {
        "@context": ["http://www.w3.org/ns/csvw", {"@language": lang}],
        "dc:title": title,
        "dc:description": "; ".join(f"{key}: {value}" for key, value in stamp),
        "dialect": {"header": True, "encoding": "utf-8", "lineTerminators": ["\n"]},
        "tables": [_table(one, lang, messages) for one in tables],
    }
    return json.dumps(content, ensure_ascii=False, indent=1) + "\n"


def _table(table: Table, lang: str, messages: Messages) -> dict[str, Any]:
    said = [table.note] if table.rows else [nothing_listed(messages), table.note]
    note = " ".join(one for one in said if one)
    return {
        "url": f"{table.name}.csv",
        "dc:title": table.caption,
        **({"dc:description": note} if note else {}),
        "tableSchema": {"columns": [_column(one.name, one.title, one.kind, lang) for one in table.columns]},
    }


def _column(name: str, title: str, kind: Kind, lang: str) -> dict[str, Any]:
    return {
        "name": name,
        "titles": {"und": name, lang: title} if title else {"und": name},
        "datatype": _TYPES.get(kind, "string"),
        "null": ["", str(Marker.SUPPRESSED)],
    }
