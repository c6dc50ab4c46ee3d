"""A methodology file's text -> Methodology, or the first thing in it that has no meaning.

The file is data: TOML without tags, every key known, numbers exact. What it says of the catalogue is checked apart.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from creditlab.assessment.cells import Cells
from creditlab.assessment.consistency import check_consistent, check_steps
from creditlab.assessment.methodology import (
    Condition,
    Gates,
    Indicator,
    Level,
    Methodology,
    Named,
    Override,
    Step,
)
from creditlab.assessment.sealing import canonical_digest, read_seal
from creditlab.errors import MethodologyError
from creditlab.terms import Counted, MethodologyState, SubjectKind

_SECTIONS = ("methodology", "decay", "level", "dimension", "indicator", "override", "gates")
_NAMED = ("code", "name_zh", "name_en")
_BASIS = ("legal_basis_zh", "legal_basis_en")
_HEAD = ("title_zh", "title_en", "note_zh", "note_en", "effective_from", "effective_until", "subject_kinds", "base",
         "lowest", "highest")  # fmt: skip
_INDICATOR = (*_NAMED, *_BASIS, "dimension", "items", "counted", "points", "per", "cap", "decay", "days", "when",
              "in_force")  # fmt: skip
_OVERRIDE = (*_NAMED, *_BASIS, "items", "level", "when", "below_months")
_PERCENTS = (
    "near_percent", "weight_percent", "information_percent", "stable_percent", "trend_percent", "fall_percent",
)  # fmt: skip
#: At half of all cases chance explains no fall any more, so that more than half says nothing further.
_MOST_FALL = 50
_GATES = ("near", *_PERCENTS, "monotone_outcomes")


def parse_methodology(name: str, text: str, seal: str | None = None) -> Methodology:
    """Read a methodology.

    Parameters
    ----------
    name
        The file's name without its ending; errors say it.
    text
        What the file says.
    seal
        What the file beside it says, which was written when the methodology was approved; None for a draft.

    Raises
    ------
    MethodologyError
        At the first cell that has no meaning, where numbers leave a gap or overlap, or where a sealed file was edited.
    """
    try:
        content = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        raise MethodologyError("syntax", "a methodology can't be read", where=name, do="Mend its syntax.") from error
    digest = canonical_digest(content)
    approval = read_seal(name, seal, digest) if seal is not None else None
    whole = Cells(content, name, _SECTIONS)
    head = Cells(whole.content.get("methodology", {}), f"{name}, [methodology]", _HEAD)
    decays = _decays(whole)
    found = Methodology(
        name=name,
        title_zh=head.text("title_zh"),
        title_en=head.text("title_en"),
        note_zh=head.text("note_zh"),
        note_en=head.text("note_en"),
        state=MethodologyState.APPROVED if approval else MethodologyState.DRAFT,
        effective_from=head.day("effective_from"),
        effective_until=head.day("effective_until"),
        approved_by=approval.by if approval else "",
        approved_document=approval.document if approval else "",
        approved_on=approval.on if approval else None,
        subject_kinds=_kinds(head),
        base=head.milli("base"),
        lowest=head.milli("lowest"),
        highest=head.milli("highest"),
        dimensions=tuple(
            Named(one.code(), one.text("name_zh"), one.text("name_en")) for one in whole.tables("dimension", _NAMED)
        ),
        indicators=tuple(_indicator(one, decays) for one in whole.tables("indicator", _INDICATOR)),
        overrides=tuple(_override(one) for one in whole.tables("override", _OVERRIDE)) if whole.has("override") else (),
        levels=tuple(
            Level(one.code(), one.code("grade"), one.milli("from"), one.milli("below") if one.has("below") else None)
            for one in whole.tables("level", ("code", "grade", "from", "below"))
        ),
        gates=_gates(whole) if whole.has("gates") else None,
        digest=digest,
    )
    check_consistent(found)
    return found


def _kinds(head: Cells) -> tuple[SubjectKind, ...]:
    kinds = []
    for text in head.texts("subject_kinds"):
        if text not in set(SubjectKind):
            do = f"Choose among {', '.join(one for one in SubjectKind if one != SubjectKind.NATURAL_PERSON)}."
            raise MethodologyError("kind", "a kind of subject is unknown", where=head.at("subject_kinds"), do=do)
        if text == SubjectKind.NATURAL_PERSON:
            what = "natural persons are never assessed (Article 4)"
            raise MethodologyError("natural_person", what, where=head.at("subject_kinds"), do="Leave them out.")
        kinds.append(SubjectKind(text))
    return tuple(kinds)


def _decays(whole: Cells) -> dict[str, tuple[Step, ...]]:
    section = whole.content.get("decay", {})
    named = Cells(section, f"{whole.where}, [decay]", section if isinstance(section, dict) else ())
    return {
        name: _steps(named.tables(name, ("from", "below", "percent")), named.at(name), "percent") for name in section
    }


def _steps(lines: Iterable[Cells], where: str, column: str) -> tuple[Step, ...]:
    steps = tuple(
        Step(
            one.whole("from"), one.whole("below"), one.milli(column) if column == "points" else one.whole(column)
        )
        for one in lines
    )  # fmt: skip
    check_steps(steps, where)
    return steps


def _condition(cells: Cells) -> Condition | None:
    if not cells.has("when"):
        return None
    when = Cells(cells.content["when"], cells.at("when"), ("field", "values"))
    return Condition(when.text("field"), when.texts("values"))


def _indicator(cells: Cells, decays: dict[str, tuple[Step, ...]]) -> Indicator:
    counted = cells.word("counted", Counted)
    by_days, summed = counted is Counted.DAYS_SINCE, counted is Counted.SUM
    for key, is_needed in (("days", by_days), ("points", not by_days), ("decay", not by_days), ("per", summed)):
        if cells.has(key) is not is_needed:
            what = "a key is missing for what is counted" if is_needed else "a key says nothing for what is counted"
            raise MethodologyError("missing" if is_needed else "unknown_key", what, where=cells.at(key))
    decay: tuple[Step, ...] = ()
    if not by_days:
        named: Any = cells.content["decay"]
        if not isinstance(named, str) or named not in decays:
            raise MethodologyError("unknown_decay", "a decay is not there", where=cells.at("decay"), do="Define it.")
        decay = decays[named]
    return Indicator(
        code=cells.code(),
        name_zh=cells.text("name_zh"),
        name_en=cells.text("name_en"),
        dimension=cells.code("dimension"),
        items=cells.texts("items"),
        counted=counted,
        points=0 if by_days else cells.milli("points"),
        per=cells.whole("per") if summed else 0,
        cap=cells.milli("cap"),
        decay=decay,
        days=_steps(cells.tables("days", ("from", "below", "points")), cells.at("days"), "points") if by_days else (),
        when=_condition(cells),
        is_in_force_only=cells.flag("in_force"),
        legal_basis_zh=cells.text("legal_basis_zh"),
        legal_basis_en=cells.text("legal_basis_en"),
    )


def _override(cells: Cells) -> Override:
    return Override(
        code=cells.code(),
        name_zh=cells.text("name_zh"),
        name_en=cells.text("name_en"),
        items=cells.texts("items"),
        level=cells.code("level"),
        when=_condition(cells),
        below_months=cells.whole("below_months") if cells.has("below_months") else 0,
        legal_basis_zh=cells.text("legal_basis_zh"),
        legal_basis_en=cells.text("legal_basis_en"),
    )


def _gates(whole: Cells) -> Gates:
    cells = Cells(whole.content["gates"], f"{whole.where}, [gates]", _GATES)
    percents = {key: cells.whole(key) for key in _PERCENTS}
    for key, percent in percents.items():
        most = _MOST_FALL if key == "fall_percent" else 100
        if percent > most:
            raise MethodologyError("kind", f"a share is above {most} per cent", where=cells.at(key))
    if not cells.has("monotone_outcomes"):
        raise MethodologyError("missing", "a key is missing", where=cells.at("monotone_outcomes"), do="Write it.")
    near = cells.milli("near")
    if near < 0:
        raise MethodologyError("kind", "a distance is below 0", where=cells.at("near"))
    return Gates(
        near=near,
        near_most=percents["near_percent"],
        weight_most=percents["weight_percent"],
        information_least=percents["information_percent"],
        stable_least=percents["stable_percent"],
        is_monotone=cells.flag("monotone_outcomes"),
        trend_most=percents["trend_percent"],
        fall_least=percents["fall_percent"],
    )
