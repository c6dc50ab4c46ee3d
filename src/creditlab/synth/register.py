"""The synthetic register: subjects of the four kinds with right credit codes that no real subject can have.

A code's subject part begins with YL, which the real registry does not issue, and names say that they are samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.identifiers import USCC_ALPHABET
from creditlab.synth.days import day_number
from creditlab.synth.parameters import Parameters
from creditlab.synth.texts import dates, padded, text_of
from creditlab.terms import SubjectKind

KINDS = tuple(SubjectKind)
#: GB 32100-2015: registrar and type of each kind's codes (enterprise, non-enterprise unit, organ, sole trader).
_PREFIXES = {
    SubjectKind.LEGAL_PERSON: "91",
    SubjectKind.UNINCORPORATED_ORGANISATION: "52",
    SubjectKind.GOVERNMENT_BODY: "11",
    SubjectKind.NATURAL_PERSON: "92",
}
_NAMES = {
    SubjectKind.LEGAL_PERSON: ("河北样例", "有限公司"),
    SubjectKind.UNINCORPORATED_ORGANISATION: ("样例社会组织", "中心"),
    SubjectKind.GOVERNMENT_BODY: ("样例机关", "局"),
    SubjectKind.NATURAL_PERSON: ("样例经营者", ""),
}
_INDUSTRIES = np.array(list("CFGEIAMNOPRHKL"))
_INDUSTRY_SHARES = np.array([20, 22, 8, 9, 6, 8, 6, 2, 5, 4, 3, 4, 2, 1]) / 100
_USCC_WEIGHTS = np.array([3**place % 31 for place in range(17)])
_BODY_WEIGHTS = np.array([3, 7, 9, 10, 5, 8, 4, 2])
#: Rows whose text is made at once.
_BLOCK = 200_000
_LETTERS = np.frombuffer(USCC_ALPHABET.encode(), dtype=np.uint8)
#: GB 11714 weighs a letter by its place in the whole alphabet, whereas GB 32100 weighs it by its place in its own.
_BODY_VALUES = np.array([int(character, 36) for character in USCC_ALPHABET])
_COLUMNS = (
    "subject_id", "subject_kind", "subject_name", "region_code", "industry_code", "registered_on", "deregistered_on",
)  # fmt: skip
#: Subjects that records name although the register doesn't list them, for every one that it lists.
_GHOST_SHARE = 0.05
#: Days after the last delivery that may be added to a province.
_AHEAD = 400
#: Share of the register that was there before the first day, and that has left it.
_OLD_SHARE, _GONE_SHARE = 0.95, 0.02


@dataclass(frozen=True)
class Register:
    """Subjects in order of kind, unit and day of registration; those from `listed` on are in no register.

    `kind` counts in SubjectKind, `unit` in the parameters' units; `registered` and `gone` are day numbers (-1: here).
    A pool is a kind's subjects of one unit: `pool_start` is its first, `pool_end` the end of those that were registered
    by each day from the province's first one on.
    """

    kind: np.ndarray
    unit: np.ndarray
    registered: np.ndarray
    gone: np.ndarray
    industry: np.ndarray
    codes: pa.Array
    listed: int
    kind_counts: np.ndarray
    pool_start: np.ndarray
    pool_end: np.ndarray
    first_day: int

    def draw(
        self, allowed: np.ndarray, item: np.ndarray, unit: np.ndarray, day: np.ndarray, rng: np.random.Generator
    ) -> np.ndarray:
        """Draw a listed subject for each record: of an allowed kind, of its unit, registered by its day.

        Parameters
        ----------
        allowed
            One row an item, one column a kind: whether the item covers the kind.
        item, unit, day
            The item's and unit's number and the day of the event, one a record.
        rng
            The chunk's generator.
        """
        edges = np.cumsum(self.kind_counts * allowed, axis=1)
        chosen = rng.random(len(unit)) * edges[item, -1]
        kind = np.zeros(len(unit), dtype=np.int64)
        for place in range(len(KINDS)):
            kind += chosen >= edges[item, place]
        pool = kind * (len(self.pool_start) // len(KINDS)) + unit
        start = self.pool_start[pool]
        end = self.pool_end[pool, day - self.first_day]
        # The first of every pool was there before the first day, so that no pool is ever empty.
        count = np.maximum(end - start, 1)
        # Some subjects have many records and most have few.
        return start + np.floor(count * rng.random(len(unit)) ** 1.5).astype(np.int64)

    def names(self, subjects: np.ndarray) -> pa.Array:
        """The names of some subjects, as the register has them."""
        return self._named(subjects, "（样例）", "")

    def spelled_names(self, subjects: np.ndarray) -> pa.Array:
        """The same names in another width or spacing."""
        return self._named(subjects, "(样例)", " ")

    def other_names(self, subjects: np.ndarray) -> pa.Array:
        """Names that the register does not have."""
        return pc.binary_join_element_wise(self.names(subjects), "更名", "")

    def _named(self, subjects: np.ndarray, branch: str, nothing: str) -> pa.Array:
        kind = pa.array(self.kind[subjects])
        before = pa.array([_NAMES[one][0] for one in KINDS]).take(kind)
        after = pa.array([_NAMES[one][1] for one in KINDS]).take(kind)
        # A bracketed branch in some names, since brackets come in two widths.
        middle = pa.array([nothing, branch]).take(pa.array((subjects % 9 == 0).astype(np.int8)))
        return pc.binary_join_element_wise(before, padded(subjects, 5), middle, after, "")

    def ghosts(self, kind: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw an unlisted subject of each kind asked for."""
        pool = self.kind[self.listed :]
        start, end = np.searchsorted(pool, kind), np.searchsorted(pool, kind, side="right")
        return self.listed + start + np.floor((end - start) * rng.random(len(kind))).astype(np.int64)


def make_register(parameters: Parameters, rng: np.random.Generator) -> Register:
    """Make the register: its size, kinds and units are parameters."""
    units = len(parameters.units)
    weights = np.array([unit.weight for unit in parameters.units.values()])
    listed = _populate(parameters, parameters.volume.subjects, weights, rng)
    total = int(parameters.volume.subjects * _GHOST_SHARE) + len(KINDS) * units
    hidden = _populate(parameters, total, weights, rng)
    kind, unit, registered = (np.concatenate(pair) for pair in zip(listed, hidden, strict=True))
    count = len(listed[0])
    gone = np.full(len(kind), -1)
    leaving = rng.random(len(kind)) < _GONE_SHARE
    # Whoever leaves does so near the end, so that hardly any record is about a subject that is no more.
    gone[leaving] = day_number(parameters.volume.last_day) + rng.integers(-60, 60, int(leaving.sum()))
    gone = np.where(gone > registered, gone, -1)
    industry = rng.choice(_INDUSTRIES, size=len(kind), p=_INDUSTRY_SHARES)
    industry[kind == KINDS.index(SubjectKind.GOVERNMENT_BODY)] = "S"
    regions = np.array([list(code.encode()) for code in parameters.units], dtype=np.uint8)
    codes = _codes(kind, regions[unit], rng.permutation(len(kind)))
    starts, ends = _pools(kind[:count] * units + unit[:count], registered[:count], units, parameters)
    return Register(
        kind.astype(np.int8),
        unit.astype(np.int16),
        registered.astype(np.int32),
        gone.astype(np.int32),
        industry,
        codes,
        count,
        np.bincount(kind[:count], minlength=len(KINDS)),
        starts,
        ends,
        day_number(parameters.volume.first_day),
    )


def _pools(
    pool: np.ndarray, registered: np.ndarray, units: int, parameters: Parameters
) -> tuple[np.ndarray, np.ndarray]:
    """Where each pool begins, and where it ends on each day on which something may happen."""
    days = np.arange(day_number(parameters.volume.first_day), day_number(parameters.volume.last_delivery) + _AHEAD)
    span = int(max(registered.max(), days[-1])) + 2
    key = pool.astype(np.int64) * span + registered
    number = np.arange(len(KINDS) * units) * span
    return np.searchsorted(key, number), np.searchsorted(key, number[:, None] + days, side="right")


def _populate(
    parameters: Parameters, total: int, weights: np.ndarray, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    units = len(weights)
    first_day = day_number(parameters.volume.first_day)
    parts = []
    for number, share in enumerate(parameters.kinds[kind] for kind in KINDS):
        count = max(units, round(total * share))
        unit = rng.choice(units, size=count, p=weights)
        unit[:units] = np.arange(units)
        old = rng.random(count) < _OLD_SHARE
        old[:units] = True
        span = day_number(parameters.volume.last_day) - first_day
        days = np.where(old, first_day - rng.integers(1, 7000, count), first_day + rng.integers(0, span, count))
        parts.append((np.full(count, number), unit, days))
    kind, unit, registered = (np.concatenate(column) for column in zip(*parts, strict=True))
    order = np.lexsort((registered, unit, kind))
    return kind[order], unit[order], registered[order]


def _codes(kind: np.ndarray, regions: np.ndarray, numbers: np.ndarray) -> pa.Array:
    """Credit codes with right check characters in both of their parts (GB 32100-2015, GB 11714)."""
    letters = np.empty((len(kind), 18), dtype=np.uint8)
    for start in range(0, len(kind), _BLOCK):
        part = slice(start, start + _BLOCK)
        letters[part] = _LETTERS[_code_values(kind[part], regions[part], numbers[part])]
    offsets = np.arange(0, letters.size + 1, 18, dtype=np.int32)
    return pa.StringArray.from_buffers(len(kind), pa.py_buffer(offsets), pa.py_buffer(letters))


def _code_values(kind: np.ndarray, regions: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    values = np.zeros((len(kind), 18), dtype=np.int64)
    place = {character: value for value, character in enumerate(USCC_ALPHABET)}
    prefixes = np.array([[place[character] for character in _PREFIXES[one]] for one in KINDS])
    values[:, :2] = prefixes[kind]
    values[:, 2:8] = regions - ord("0")
    values[:, 8], values[:, 9] = place["Y"], place["L"]
    rest = numbers.copy()
    for column in range(15, 9, -1):
        rest, values[:, column] = np.divmod(rest, len(USCC_ALPHABET))
    body = 11 - (_BODY_VALUES[values[:, 8:16]] * _BODY_WEIGHTS).sum(axis=1) % 11
    values[:, 16] = np.where(body == 10, place["X"], body % 11)
    values[:, 17] = -(values[:, :17] * _USCC_WEIGHTS).sum(axis=1) % 31
    return values


def write_register(path: Path, register: Register, parameters: Parameters) -> None:
    """Write subjects.csv: one row a listed subject."""
    units, kinds = pa.array(list(parameters.units)), pa.array([str(kind) for kind in KINDS])
    with path.open("wb") as file:
        file.write((",".join(_COLUMNS) + "\n").encode())
        for start in range(0, register.listed, _BLOCK):
            part = slice(start, min(start + _BLOCK, register.listed))
            gone = register.gone[part]
            left = pc.if_else(pa.array(gone >= 0), dates(np.maximum(gone, 0)), "")
            columns = [
                register.codes.slice(start, part.stop - start),
                kinds.take(pa.array(register.kind[part])),
                register.names(np.arange(start, part.stop)),
                units.take(pa.array(register.unit[part])),
                pa.array(register.industry[part]),
                dates(register.registered[part]),
            ]
            file.write(text_of(pc.binary_join_element_wise(*columns, left, ",")))
