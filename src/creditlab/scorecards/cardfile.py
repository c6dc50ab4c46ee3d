"""A card as a file: canonical JSON with its own digest. Nothing in it is ever run; nothing else is a card."""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import re
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import Any

from creditlab.errors import ScorecardError
from creditlab.scorecards.binning import Split
from creditlab.scorecards.card import About, Card, Measured, Part, Protocol, Variable
from creditlab.scorecards.persons import Identifier
from creditlab.scorecards.sample import Feature, FeatureKind

FORMAT = 1
#: A file larger than this is no card.
_MOST_BYTES = 10_000_000
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_DO = "Fit the card again: creditlab scorecard fit."


def check_name(name: str) -> str:
    """A card's name, which is its file's too.

    Raises
    ------
    ScorecardError
        If it is none.
    """
    if not _NAME.fullmatch(name):
        do = "Up to 40 of a to z, 0 to 9 and _, a letter first."
        raise ScorecardError("name", "a card's name has another form", where="name", do=do)
    return name


def card_text(card: Card) -> str:
    """A card as JSON: the same card gives the same bytes.

    Raises
    ------
    ScorecardError
        If a number in it is not finite.
    """
    content = _content(card)
    content["digest"] = _digest(content)
    return _canonical(content) + "\n"


def card_digest(card: Card) -> str:
    """SHA-256 over everything that a card says."""
    return _digest(_content(card))


def read_card(path: Path) -> Card:
    """Read a card's file.

    Raises
    ------
    ScorecardError
        If it is no JSON (`unreadable`), has another form (`form`) or was changed after it was written (`changed`).
    """
    where = path.name
    try:
        if path.stat().st_size > _MOST_BYTES:
            raise ScorecardError("unreadable", "a card's file is too large", where=where, do=_DO)
        data = path.read_bytes()
    except OSError as error:
        raise ScorecardError("missing", "there is no such card", where=where) from error
    return parse_card(data, where)


def parse_card(data: bytes, where: str) -> Card:
    """The card that a file's content is; see `read_card` for what is raised."""
    try:
        content = json.loads(data.decode("utf-8"), parse_constant=_refuse_constant, object_pairs_hook=_once)
    except (ValueError, RecursionError) as error:
        raise ScorecardError("unreadable", "a card's file is not JSON", where=where, do=_DO) from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise ScorecardError("form", "a card's file has another form", where=where, do=_DO)
    try:
        given = content.pop("digest", None)
        if given != _digest(content):
            raise ScorecardError("changed", "a card was changed after it was written", where=where, do=_DO)
        card = _card(content)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise ScorecardError("form", "a card's file has another form", where=where, do=_DO) from error
    if not _is_sound(card) or _content(card) != content:
        raise ScorecardError("form", "a card's file has another form", where=where, do=_DO)
    return card


def _canonical(content: dict[str, Any]) -> str:
    try:
        return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
    except ValueError as error:
        raise ScorecardError("form", "a card holds a number that is not finite") from error


def _digest(content: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(content).encode()).hexdigest()


def _refuse_constant(name: str) -> Any:
    raise ValueError(name)


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len({key for key, _ in pairs}) != len(pairs):
        raise ValueError("a key stands twice")
    return dict(pairs)


def _content(card: Card) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "name": card.name,
        "about": asdict(card.about),
        "protocol": str(card.protocol),
        "identifier": str(card.identifier),
        "months": card.months,
        "base": card.base,
        "intercept": card.intercept,
        "calibration": list(card.calibration),
        "variables": [_variable_content(one) for one in card.variables],
        "left_out": {name: str(why) for name, why in card.left_out.items()},
        "parts": [asdict(one) | {"first": one.first.isoformat(), "last": one.last.isoformat()} for one in card.parts],
        "measured": [asdict(one) | {"measure": str(one.measure)} for one in card.measured],
        "libraries": dict(card.libraries),
    }


def _variable_content(one: Variable) -> dict[str, Any]:
    split = one.split
    return {
        "name": split.feature.name,
        "kind": str(split.feature.kind),
        "available_on": split.feature.available_on,
        "splits": list(split.splits),
        "categories": [list(names) for names in split.categories],
        "good": list(one.good),
        "bad": list(one.bad),
        "weights": list(one.weights),
        "points": list(one.points),
        "coefficient": one.coefficient,
        "information": one.information,
        "alone": list(one.alone),
    }


def _card(content: dict[str, Any]) -> Card:
    return Card(
        name=content["name"],
        about=About(**content["about"]),
        protocol=Protocol(content["protocol"]),
        identifier=Identifier(content["identifier"]),
        months=content["months"],
        base=content["base"],
        intercept=content["intercept"],
        calibration=(content["calibration"][0], content["calibration"][1]),
        variables=tuple(_variable(one) for one in content["variables"]),
        left_out=content["left_out"],
        parts=tuple(
            Part(**one | {"first": date.fromisoformat(one["first"]), "last": date.fromisoformat(one["last"])})
            for one in content["parts"]
        ),
        measured=tuple(Measured(**one) for one in content["measured"]),
        libraries=content["libraries"],
    )


def _variable(one: dict[str, Any]) -> Variable:
    feature = Feature(one["name"], FeatureKind(one["kind"]), one["available_on"])
    split = Split(feature, tuple(one["splits"]), tuple(tuple(names) for names in one["categories"]))
    return Variable(
        split, tuple(one["good"]), tuple(one["bad"]), tuple(one["weights"]), tuple(one["points"]), one["coefficient"],
        one["information"], (one["alone"][0], one["alone"][1]),
    )  # fmt: skip


def _is_sound(card: Card) -> bool:
    """Whether it can be put on rows at all: whole points, a value for every bin, bounds that rise."""
    if not _NAME.fullmatch(card.name) or type(card.base) is not int or not card.variables:
        return False
    for one in card.variables:
        width = one.split.width + 2
        if any(len(values) != width for values in (one.good, one.bad, one.weights, one.points)):
            return False
        if any(type(points) is not int for points in one.points):
            return False
        bounds = one.split.splits
        if any(type(bound) not in (int, float) or not math.isfinite(bound) for bound in bounds):
            return False
        if any(low >= high for low, high in itertools.pairwise(bounds)):
            return False
        names = [name for group in one.split.categories for name in group]
        if any(type(name) is not str for name in names) or len(set(names)) != len(names):
            return False
    return True
