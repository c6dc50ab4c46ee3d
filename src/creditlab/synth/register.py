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
from creditlab.synth.days import day_number, day_texts
from creditlab.synth.editions import write_lines
from creditlab.synth.parameters import Parameters
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
_LETTERS = np.frombuffer(USCC_ALPHABET.encode(), dtype=np.uint8)
#: GB 11714 weighs a letter by its place in the whole alphabet, whereas GB 32100 weighs it by its place in its own.
_BODY_VALUES = np.array([int(character, 36) for character in USCC_ALPHABET])
_COLUMNS = (
    "subject_id", "subject_kind", "subject_name", "region_code", "industry_code", "registered_on", "deregistered_on",
)  # fmt: skip
#: Subjects that records name although the register doesn't list them, for every one that it lists.
_GHOST_SHARE = 0.05
#: Share of the register that was there before the first day, and that has left it.
_OLD_SHARE, _GONE_SHARE = 0.95, 0.02


@dataclass(frozen=True)
class Register:
    """Subjects in order of kind, unit and day of registration; those from `listed` on are in no register.

    `kind` counts in SubjectKind, `unit` in the parameters' units; `registered` and `gone` are day numbers (-1: here).
    """

    kind: np.ndarray
    unit: np.ndarray
    registered: np.ndarray
    gone: np.ndarray
    industry: np.ndarray
    codes: pa.Array
    names: pa.Array
    spelled_names: pa.Array
    other_names: pa.Array
    listed: int

    def draw(self, allowed: np.ndarray, unit: np.ndarray, day: np.ndarray, rng: np.random.Generator) -> np.ndarray:
        """Draw a listed subject for each record: of an allowed kind, of its unit, registered by its day.

        Parameters
        ----------
        allowed
            One row a record, one column a kind: whether the item covers the kind.
        unit, day
            The unit's number and the day of the event, one a record.
        rng
            The one generator.
        """
        shares = np.bincount(self.kind[: self.listed], minlength=len(KINDS)) * allowed
        edges = np.cumsum(shares, axis=1)
        chosen = rng.random(len(unit)) * edges[:, -1]
        kind = (chosen[:, None] >= edges).sum(axis=1)
        units = int(self.unit.max()) + 1
        pool = self.kind[: self.listed] * units + self.unit[: self.listed]
        span = int(self.registered.max()) + 2
        key = pool.astype(np.int64) * span + self.registered[: self.listed]
        wanted = kind.astype(np.int64) * units + unit
        start = np.searchsorted(key, wanted * span)
        end = np.searchsorted(key, wanted * span + day, side="right")
        # The first of every pool was there before the first day, so that no pool is ever empty.
        count = np.maximum(end - start, 1)
        # Some subjects have many records and most have few.
        return start + np.floor(count * rng.random(len(unit)) ** 1.5).astype(np.int64)

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
    numbers = np.arange(len(kind))
    names, spelled, other = _names(kind, numbers)
    regions = np.array([list(code.encode()) for code in parameters.units], dtype=np.uint8)
    codes = _codes(kind, regions[unit], rng.permutation(len(kind)))
    return Register(kind, unit, registered, gone, industry, codes, names, spelled, other, count)


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


def _names(kind: np.ndarray, numbers: np.ndarray) -> tuple[pa.Array, pa.Array, pa.Array]:
    before = pa.array([_NAMES[one][0] for one in KINDS]).take(pa.array(kind))
    after = pa.array([_NAMES[one][1] for one in KINDS]).take(pa.array(kind))
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width=5, padding="0")
    # A bracketed branch in some names, since brackets come in two widths.
    branch = pa.array(np.where(numbers % 9 == 0, "（样例）", ""))
    narrow = pa.array(np.where(numbers % 9 == 0, "(样例)", " "))
    join = pc.binary_join_element_wise
    names = join(before, digits, branch, after, "")
    return names, join(before, digits, narrow, after, ""), join(names, "更名", "")


def _codes(kind: np.ndarray, regions: np.ndarray, numbers: np.ndarray) -> pa.Array:
    """Credit codes with right check characters in both of their parts (GB 32100-2015, GB 11714)."""
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
    text = np.ascontiguousarray(_LETTERS[values]).view("S18").ravel()
    return pa.array(text).cast(pa.string())


def write_register(path: Path, register: Register, parameters: Parameters) -> None:
    """Write subjects.csv: one row a listed subject."""
    count = register.listed
    regions = np.array(list(parameters.units))[register.unit[:count]]
    left = np.where(register.gone[:count] >= 0, day_texts(np.maximum(register.gone[:count], 0)), "")
    write_lines(
        path,
        _COLUMNS,
        zip(
            register.codes.slice(0, count).to_pylist(),
            np.array([str(kind) for kind in KINDS])[register.kind[:count]].tolist(),
            register.names.slice(0, count).to_pylist(),
            regions.tolist(),
            register.industry[:count].tolist(),
            day_texts(register.registered[:count]).tolist(),
            left.tolist(),
            strict=True,
        ),
    )
