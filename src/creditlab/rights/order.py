"""The order by which something is erased: a document's number, day, authority and reason, in a file."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from creditlab.errors import ParameterError
from creditlab.identifiers import holds_resident_id

_TEXTS = ("number", "authority", "reason")


@dataclass(frozen=True)
class Order:
    """What the books keep of it."""

    number: str
    dated: date
    authority: str
    reason: str


def read_order(path: Path, today: date) -> Order:
    """Read an order.

    Raises
    ------
    ParameterError
        If the file is none, lacks an entry or has others, is dated later than today, or holds a person's number.
    """
    do = f"Write {', '.join(f'{one} = ...' for one in (*_TEXTS, 'dated'))}, as TOML in UTF-8."
    try:
        content = tomllib.loads(path.read_text("utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ParameterError("the order can't be read", where="ORDER", do=do) from error
    if set(content) != {*_TEXTS, "dated"}:
        raise ParameterError("an order has four entries", where="ORDER", do=do)
    texts = [content[name] for name in _TEXTS]
    if not all(isinstance(one, str) and one.strip() for one in texts) or type(content["dated"]) is not date:
        raise ParameterError("an entry of the order is empty or of another kind", where="ORDER", do=do)
    if content["dated"] > today:
        raise ParameterError("the order is dated on a day to come", where="ORDER, dated")
    if holds_resident_id(" ".join(texts)):
        raise ParameterError("the order's text holds a person's number", where="ORDER", do="It is kept: leave it out.")
    return Order(texts[0].strip(), content["dated"], texts[1].strip(), texts[2].strip())
