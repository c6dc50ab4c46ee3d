"""What became of each row of a key: the rules of the six actions, for all keys at once.

Rows come sorted by key and, within a key, in the order in which they count. The state of a key after one row depends
on the row before it only, so the n-th rows of all keys are judged together.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from creditlab.terms import Action, Outcome, RecordState

ACTIONS = list(Action)
STATES = list(RecordState)
OUTCOMES = [Outcome.ACCEPTED, Outcome.CORRECTED, Outcome.WITHDRAWN, Outcome.REPEATED]

_STATE_OF = {
    Action.ADD: RecordState.NORMAL,
    Action.CORRECT: RecordState.NORMAL,
    Action.WITHDRAW: RecordState.WITHDRAWN,
    Action.DISPUTE: RecordState.DISPUTED,
    Action.RESOLVE: RecordState.NORMAL,
    Action.REPAIR: RecordState.REPAIRED,
}
#: These do nothing to a withdrawn record, whatever content they carry.
_IDLE_ON_WITHDRAWN = {Action.DISPUTE, Action.RESOLVE, Action.REPAIR}


def _state_after(action: Action, state: RecordState, *, is_same: bool) -> RecordState:
    if state is RecordState.WITHDRAWN and action in _IDLE_ON_WITHDRAWN:
        return state
    if action is Action.ADD:
        # A plain row revives a withdrawn record only with other content, and never settles a dispute or a repair.
        return RecordState.NORMAL if state is RecordState.WITHDRAWN and not is_same else state
    return _STATE_OF[action]


def _outcome(action: Action, state: RecordState, *, is_same: bool) -> Outcome:
    if action is Action.WITHDRAW and state is not RecordState.WITHDRAWN:
        return Outcome.WITHDRAWN
    if state is RecordState.WITHDRAWN and action in _IDLE_ON_WITHDRAWN:
        return Outcome.REPEATED
    if is_same and _state_after(action, state, is_same=is_same) is state:
        return Outcome.REPEATED
    return Outcome.CORRECTED


def _table(rule: object, words: list[object]) -> np.ndarray:
    return np.array(
        [
            [[words.index(rule(action, state, is_same=same)) for same in (False, True)] for state in STATES]  # type: ignore[operator]
            for action in ACTIONS
        ],
        dtype=np.int8,
    )


#: The place in `STATES` of a key's state after its first row, by the place of the row's action in `ACTIONS`.
FIRST_STATE = np.array([STATES.index(_STATE_OF[action]) for action in ACTIONS], dtype=np.int8)
_NEXT_STATE = _table(_state_after, list(STATES))
_NEXT_OUTCOME = _table(_outcome, list(OUTCOMES))
_REPEATED = OUTCOMES.index(Outcome.REPEATED)


@dataclass(frozen=True)
class Resolved:
    """One value a row, in the rows' order.

    Attributes
    ----------
    outcome, state
        Places in `OUTCOMES` and `STATES`; the state is the key's after the row.
    first
        The place of the key's first row.
    successor
        The place of the next row that made an entry; -1 where the row's own entry stands, or it made none.
    revision
        The number of the entry among its key's entries, from 1; 0 where the row made none.
    """

    outcome: np.ndarray
    state: np.ndarray
    first: np.ndarray
    successor: np.ndarray
    revision: np.ndarray

    @property
    def is_entry(self) -> np.ndarray:
        """Whether the row changed its record, so that an entry stands for it."""
        return self.outcome != _REPEATED


def resolve(key: np.ndarray, action: np.ndarray, content: np.ndarray) -> Resolved:
    """Judge rows that are sorted by key and by the order in which they count.

    Parameters
    ----------
    key
        The rows' keys.
    action
        Places in `ACTIONS`.
    content
        Hashes of the rows' content.
    """
    count = len(key)
    outcome, state = np.zeros(count, dtype=np.int8), np.zeros(count, dtype=np.int8)
    if not count:
        nothing = np.zeros(0, dtype=np.int64)
        return Resolved(outcome, state, nothing, nothing, nothing)
    starts = np.flatnonzero(np.concatenate(([True], key[1:] != key[:-1])))
    lengths = np.diff(np.concatenate((starts, [count])))
    state[starts] = FIRST_STATE[action[starts]]
    now, content_now = state[starts].copy(), content[starts].copy()
    alive = np.flatnonzero(lengths > 1)
    place = 1
    while len(alive):
        row = starts[alive] + place
        same = (content[row] == content_now[alive]).astype(np.int8)
        before = now[alive]
        outcome[row] = _NEXT_OUTCOME[action[row], before, same]
        state[row] = _NEXT_STATE[action[row], before, same]
        now[alive] = state[row]
        changed = outcome[row] != _REPEATED
        content_now[alive[changed]] = content[row[changed]]
        place += 1
        alive = alive[lengths[alive] > place]
    first = np.repeat(starts, lengths)
    is_entry = outcome != _REPEATED
    successor, revision = _chain(is_entry, first)
    return Resolved(outcome, state, first, successor, revision)


def _chain(is_entry: np.ndarray, first: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Link each entry to the next entry of its key, and number them."""
    successor = np.full(len(is_entry), -1, dtype=np.int64)
    entries = np.flatnonzero(is_entry)
    linked = first[entries[1:]] == first[entries[:-1]]
    successor[entries[:-1][linked]] = entries[1:][linked]
    running = np.cumsum(is_entry)
    revision = np.where(is_entry, running - running[first] + 1, 0)
    return successor, revision
