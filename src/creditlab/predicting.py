"""Scorecards over a workspace's lake: fit one, release it, put it on the organisations of a day.

`scorecards` is given tables; here they are opened, and cards are kept as files: `scorecards/NAME.json`, and beside a
released one `NAME.seal.toml`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.compute as pc

from creditlab.assessing import take_assessment
from creditlab.assessment import Approval
from creditlab.assessment.bands import months_later, newest_so_old
from creditlab.dossier import Held, hold
from creditlab.errors import MethodologyError, NoDataError, ParameterError, ScorecardError
from creditlab.identifiers import holds_resident_id
from creditlab.lake import Lake, Snapshot, run_known_on
from creditlab.scorecards.card import About, Card
from creditlab.scorecards.cardfile import card_digest, card_text, check_name, read_card
from creditlab.scorecards.expression import score_expression
from creditlab.scorecards.extra import need_extra
from creditlab.scorecards.features import GROUPS, OF_EVIDENCE, Meaning, features, features_of, happened
from creditlab.scorecards.gates import Reason, refuse_broken, suspects
from creditlab.scorecards.sample import Beside, Sample, make_sample
from creditlab.scorecards.sealing import Seal, explained, read_seal, seal_text
from creditlab.wholefile import write_whole
from creditlab.workspace import Workspace

if TYPE_CHECKING:
    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

FOLDER = "scorecards"
LEVELS = "levels"
_SEAL = ".seal.toml"
#: How many windows there are before the test by default: the last of them calibrates, the others train.
WINDOWS = 3
ABOUT = About(
    title_en="Who will meet a new penalty or an unperformed judgment?",
    title_zh="哪些组织可能受到新的行政处罚或出现未履行的判决？",
    purpose_en="To see whether the official methodology is as good as the data allow, and where supervision may look "
    "first.",
    purpose_zh="检验现行评价方法是否已充分利用数据，并为监管提供优先次序的参考。",
    population_en="Legal persons and unincorporated organisations of the register that exist on the day. Natural "
    "persons, sole traders among them, are out; so are government bodies.",
    population_zh="登记在册、当日存续的法人和非法人组织。自然人（含个体工商户）和国家机关不在其内。",
    data_en="Records of the lake as they stood on the day that is scored and were known then; an outcome is a record "
    "as it stood on the last day of its window.",
    data_zh="数据湖中在评分当日有效且当时已知的信用信息；结果以观察期最后一日的状态为准。",
)


@dataclass(frozen=True)
class Kept:
    """A card of a workspace, with its seal if it was released."""

    card: Card
    digest: str
    seal: Seal | None

    @property
    def is_released(self) -> bool:
        """Whether it was released."""
        return self.seal is not None


def fit_card(
    workspace: Workspace,
    backend: Backend,
    name: str,
    test_on: date,
    *,
    months: int = 12,
    windows: int = WINDOWS,
    without: Sequence[str] = (),
    has_challenger: bool = True,
) -> Card:
    """Fit a card on what a lake knew on earlier days, try it on a later one, and keep it.

    Parameters
    ----------
    name
        The card's name.
    test_on
        The day whose organisations it is tried on; outcomes are looked for in the months after it.
    months
        How long outcomes are looked for, and how far apart the days are.
    windows
        How many days before the test are learnt from; the last of them calibrates.
    without
        Features that are left out.

    Raises
    ------
    ScorecardError
        As `scorecards.out_of_time`; if a released card of that name is there (`released`).
    NoDataError
        If nothing has been ingested yet, or the lake doesn't know the last window to its end.
    """
    from creditlab.scorecards.protocols import out_of_time

    need_extra()
    check_name(name)
    if windows < 2 or months < 1:
        raise ParameterError("a card needs two windows to learn from at least, of a month or more", where="--windows")
    path = _path(workspace, name)
    if _seal_path(workspace, name).exists():
        do = "A change makes a new card, with a name of its own."
        raise ScorecardError("released", "a card of that name was released", where=name, do=do)
    days = [newest_so_old(test_on, months * back) for back in range(windows, 0, -1)] + [test_on]
    sample = take_sample(workspace, backend, days, months, without)
    card = out_of_time(
        sample, ABOUT, name=name, calibrate_from=days[-2], test_from=test_on, months=months,
        has_challenger=has_challenger,
    )  # fmt: skip
    path.parent.mkdir(exist_ok=True)
    write_whole(path, card_text(card), is_private=True)
    return card


def take_sample(
    workspace: Workspace, backend: Backend, days: Sequence[date], months: int, without: Sequence[str] = ()
) -> Sample:
    """Organisations on several days, each as it was known then, with what happened in the months after.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet, or the lake doesn't know the last window to its end.
    ParameterError
        If a feature that is to be left out is none.
    """
    looks = _Looks(workspace, backend)
    last = months_later(max(days), months)
    if looks.last_day < last:
        do = "Try an earlier day, or a shorter window: --test-on, --months."
        raise NoDataError("the lake doesn't know the last window to its end", where=last.isoformat(), do=do)
    tables = []
    for day in days:
        end = months_later(day, months)
        known = looks.features(day, months)
        met = looks.at(end)
        bad = backend.to_pyarrow(happened(met.evidence(OF_EVIDENCE), looks.meaning(met), day, end))["subject_id"]
        outcome = pc.is_in(known["subject_id"], value_set=bad).cast(pa.int8())
        known = known.append_column("outcome", outcome)
        known = known.append_column("outcome_known_on", pa.array([end] * known.num_rows, pa.date32()))
        levels = looks.levels(day, known["subject_id"]) if day == max(days) else pa.nulls(known.num_rows, pa.float64())
        tables.append(known.append_column(LEVELS, levels))
    found = features_of(looks.meaning(looks.at(max(days))))
    if unknown := sorted(set(without) - {one.name for one in found}):
        raise ParameterError("a feature to be left out is none", where=", ".join(unknown))
    table = pa.concat_tables(tables)
    besides = [Beside(LEVELS, LEVELS, is_safer=True)] if table[LEVELS].null_count < table.num_rows else []
    kept = [one for one in found if one.name not in without]
    return make_sample(table, kept, groups=GROUPS, besides=besides)


class _Looks:
    """What the lake knew on several days, each looked at once."""

    def __init__(self, workspace: Workspace, backend: Backend) -> None:
        self._workspace, self._backend = workspace, backend
        self._snapshot = Snapshot.take(Lake(workspace.lake), backend)
        self._held: dict[date, Held] = {}
        last = self._snapshot.table("records").effective_on.max().to_pyarrow().as_py()
        if last is None:
            raise NoDataError("nothing has been ingested yet", do="Run creditlab ingest.")
        self.last_day: date = last

    def at(self, day: date) -> Held:
        """What was known on a day, by a run of that time where the lake's books go back that far."""
        if day not in self._held:
            run = run_known_on(self._snapshot.runs, day, self._workspace.time_zone) or self._snapshot.run_no
            self._held[day] = hold(self._workspace, self._backend, day, run)
        return self._held[day]

    def meaning(self, held: Held) -> Meaning:
        """What the records mean."""
        catalogue = held.inputs.catalogue
        formats = {item.item_code: item.data_format for edition in catalogue.editions for item in edition.items}
        return Meaning(formats, held.rules)

    def features(self, day: date, months: int) -> pa.Table:
        """One row per organisation of the day."""
        held = self.at(day)
        rows = features(held.evidence(OF_EVIDENCE), held.inputs.subjects, self.meaning(held), day, months)
        return self._backend.to_pyarrow(rows.order_by("subject_id"))

    def levels(self, day: date, subjects: pa.ChunkedArray) -> pa.ChunkedArray:
        """The score of the methodology in force, of each subject; without information the one that all begin with."""
        run = self.at(day).run_no
        try:
            taken = take_assessment(self._workspace, self._backend, day, run_no=run)
        except MethodologyError:
            # Without a methodology there is nothing to stand beside the card; the page says so.
            return pa.chunked_array([pa.nulls(len(subjects), pa.float64())])
        rows = self._backend.to_pyarrow(taken.assessment.table().select("subject_id", "score"))
        scores = pc.fill_null(rows["score"].cast(pa.float64()), float(taken.assessment.methodology.base))
        return scores.take(pc.index_in(subjects, value_set=rows["subject_id"]))


def card_names(workspace: Workspace) -> list[str]:
    """The names of a workspace's cards, in order."""
    return sorted(one.stem for one in (workspace.folder / FOLDER).glob("*.json"))


def read_kept(workspace: Workspace, name: str) -> Kept:
    """Read one card, with its seal if it was released.

    Raises
    ------
    ScorecardError
        If there is none of that name, its file is no card, or it was changed after it was released.
    """
    check_name(name)
    path = _path(workspace, name)
    if not path.is_file():
        do = f"There are: {', '.join(card_names(workspace)) or 'none'}."
        raise ScorecardError("missing", "there is no such card", where=name, do=do)
    card = read_card(path)
    if card.name != name:
        raise ScorecardError("changed", "a card's file has another card's name", where=path.name)
    digest, seal = card_digest(card), _seal_path(workspace, name)
    if not seal.exists():
        return Kept(card, digest, None)
    try:
        text = seal.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ScorecardError("changed", "a card's seal can't be read", where=seal.name) from error
    return Kept(card, digest, read_seal(name, text, digest))


def choose_card(workspace: Workspace, name: str | None = None) -> Kept:
    """The card of a name; else the one released card; else the only card there is.

    Raises
    ------
    ScorecardError
        If there is none, or it is not clear which one is meant.
    """
    if name:
        return read_kept(workspace, name)
    found = [read_kept(workspace, one) for one in card_names(workspace)]
    chosen = [one for one in found if one.is_released] or found
    if len(chosen) != 1:
        names = ", ".join(one.card.name for one in chosen) or "none"
        do = "Keep one released card in the workspace, or fit one: creditlab scorecard fit."
        raise ScorecardError("missing", "it is not clear which card is meant", where=f"{FOLDER}: {names}", do=do)
    return chosen[0]


def release_card(workspace: Workspace, name: str, approval: Approval, reasons: Mapping[str, str], today: date) -> Kept:
    """Release a card that keeps its gates, and seal it together with the reasons that are signed for it.

    Parameters
    ----------
    approval
        Who releases it, by which document, on which day; the reasons are signed by the same.
    reasons
        Why a variable that looks like a leak is none, by variable.

    Raises
    ------
    ScorecardError
        If the card breaks a gate, has been released, or a reason is for a variable that needs none.
    ParameterError
        If the release is of a day to come, or a text names a person's number.
    """
    kept = read_kept(workspace, name)
    if kept.is_released:
        raise ScorecardError("released", "the card has been released already", where=name)
    if approval.on > today:
        raise ParameterError("a card is released on a day to come", where="--released-on")
    if holds_resident_id(" ".join([approval.by, approval.document, *reasons.values()])):
        raise ParameterError("a text holds a person's number", where="--by, --document, --reason", do="Leave it out.")
    if idle := sorted(set(reasons) - set(suspects(kept.card))):
        raise ScorecardError("reason", "a reason is for a variable that needs none", where=", ".join(idle))
    signed = tuple(Reason(one, text, approval.by, approval.document, approval.on) for one, text in reasons.items())
    refuse_broken(kept.card, explained(signed))
    write_whole(_seal_path(workspace, name), seal_text(kept.digest, Seal(approval, signed)))
    return read_kept(workspace, name)


def score_subjects(workspace: Workspace, backend: Backend, kept: Kept, as_of: date) -> tuple[ir.Table, ir.Table]:
    """Put a card on the organisations of a day, inside the engine.

    Returns
    -------
    tuple of ibis Tables
        What the card asks, one row per organisation; and their scores, see `score_expression`.

    Raises
    ------
    NoDataError
        If nothing has been ingested yet.
    """
    looks = _Looks(workspace, backend)
    held = looks.at(as_of)
    months = kept.card.months or 12
    rows = features(held.evidence(OF_EVIDENCE), held.inputs.subjects, looks.meaning(held), as_of, months)
    asked = backend.create_table("scorecard_rows", rows)
    return asked, score_expression(kept.card, asked)


def _path(workspace: Workspace, name: str) -> Path:
    return workspace.folder / FOLDER / f"{name}.json"


def _seal_path(workspace: Workspace, name: str) -> Path:
    return workspace.folder / FOLDER / f"{name}{_SEAL}"
