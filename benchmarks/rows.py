"""Rows of synthetic deliveries, made as whole Arrow columns, with faults at known rates. They describe nobody."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from creditlab.identifiers import USCC_ALPHABET

KINDS = ("普通", "特许", "认可", "核准", "登记", "其他")
#: Of a thousand subjects, so many are sole traders, whose codes start with 92.
SOLE_TRADERS = 40
#: Shares of rows, each with one thing wrong.
UNREGISTERED, WRONG_CODE = 0.01, 0.005
RATES = {
    "wrong_name": 0.005,
    "out_of_scope": 0.002,
    "no_event_date": 0.0005,
    "no_record_id": 0.0005,
    "event_after_receipt": 0.001,
    "bad_valid_until": 0.002,
    "no_kind": 0.005,
    "unknown_kind": 0.005,
    "no_content": 0.003,
    "long_content": 0.0005,
    "negative_amount": 0.002,
    "huge_amount": 0.001,
    "amount_no_number": 0.002,
    "bad_post_code": 0.004,
    "grade_too_high": 0.001,
    "repeated_document": 0.005,
}
#: What is wrong with a row, as a number; the last one is nothing.
WRONG = {name: place for place, name in enumerate(RATES)}
#: Of so many rows, one at the delivery's end says again what one of its first rows said.
REPEATED = 1000


@dataclass(frozen=True)
class Subjects:
    """Made-up subjects by number: the registered ones, then some that no register has, then some with wrong codes."""

    registered: int

    @property
    def unregistered(self) -> int:
        """How many are right but not in the register."""
        return max(self.registered // 100, 10)

    @property
    def wrong(self) -> int:
        """How many have a wrong check character."""
        return max(self.registered // 200, 10)

    @cached_property
    def codes(self) -> pa.Array:
        """Credit codes in the order of the subjects."""
        alphabet = np.frombuffer(USCC_ALPHABET.encode(), dtype=np.uint8)
        number = np.arange(self.registered + self.unregistered + self.wrong)
        digits = np.zeros((len(number), 18), dtype=np.int64)
        digits[:, 0], digits[:, 1] = 9, np.where(self.is_person, 2, 1)
        digits[:, 2:8] = [1, 3, 0, 1, 0, 0]
        rest = (number * 2_654_435_761 + 12_345) % 31**7
        for place in range(8, 15):
            digits[:, place], rest = rest % 31, rest // 31
        digits[:, 15], digits[:, 16] = number % 31, number // 31 % 31
        weights = np.array([3**place % 31 for place in range(17)])
        digits[:, 17] = -(digits[:, :17] @ weights) % 31
        digits[-self.wrong :, 17] = (digits[-self.wrong :, 17] + 7) % 31
        return texts(alphabet[digits])

    @cached_property
    def is_person(self) -> np.ndarray:
        """Whether each is a sole trader; the wrong codes are organisations', whose check character is looked at."""
        number = np.arange(self.registered + self.unregistered + self.wrong)
        return (number % 1000 < SOLE_TRADERS) & (number < len(number) - self.wrong)

    @cached_property
    def names(self) -> pa.Array:
        """Names as the departments write them."""
        return self._names("(集团)")

    @cached_property
    def register_names(self) -> pa.Array:
        """Names as the register has them: with brackets of full width."""
        return self._names("（集团）")

    def _names(self, brackets: str) -> pa.Array:
        number = np.arange(self.registered + self.unregistered + self.wrong)
        suffix = pa.array(["有限公司", f"{brackets}有限公司"]).take(pa.array((number % 10 == 0).astype(np.int8)))
        return pc.binary_join_element_wise("河北样例", numbered(b"", number, 8), suffix, "")


@dataclass(frozen=True)
class Delivery:
    """One delivery to be made: whose, of which days, received when, with how many rows."""

    number: int
    item_code: str
    department: str
    region_code: str
    first_day: date
    days: int
    received_on: date
    first_row: int
    rows: int

    @property
    def stem(self) -> str:
        """Its file's name without the ending."""
        return f"{self.number:06d}"


def make_rows(delivery: Delivery, subjects: Subjects, seed: int) -> pa.Table:
    """The rows of one delivery, every column text; the same seed gives the same rows."""
    count, random = delivery.rows, np.random.default_rng([seed, delivery.number])
    wrong = _wrong(count, random)
    subject, is_person = _subjects(count, random, subjects)
    number = np.arange(delivery.first_row, delivery.first_row + count)
    document = np.where(wrong == WRONG["repeated_document"], np.maximum(number - 1, delivery.first_row), number)
    named = np.where(wrong == WRONG["wrong_name"], (subject + 1) % subjects.registered, subject)
    kind = np.where(is_person, 1, np.where(wrong == WRONG["out_of_scope"], 2, 0))
    columns = {
        "record_id": _blank(numbered(f"{delivery.item_code}-".encode(), number, 11), wrong == WRONG["no_record_id"]),
        "document_number": numbered("冀字".encode(), document, 11),
        "subject_id": subjects.codes.take(pa.array(subject)),
        "subject_name": subjects.names.take(pa.array(named)),
        "subject_kind": _chosen(["legal_person", "natural_person", "government_body"], kind),
        "event_date": _event_dates(delivery, random, wrong),
        **_details(count, random, wrong),
    }
    table = pa.table(columns)
    repeated = _repeated(count)
    return pa.concat_tables([table.slice(0, count - repeated), table.slice(0, repeated)]).combine_chunks()


def _wrong(count: int, random: np.random.Generator) -> np.ndarray:
    """What is wrong with each row; nothing with most."""
    wrong = np.searchsorted(np.cumsum(list(RATES.values())), random.random(count), side="right").astype(np.int8)
    # Rows that come twice have no fault: who does not look for them counts the same faults all the same.
    wrong[: _repeated(count)] = len(RATES)
    return wrong


def _repeated(count: int) -> int:
    return -(-count // REPEATED) if count > 1 else 0


def _subjects(count: int, random: np.random.Generator, subjects: Subjects) -> tuple[np.ndarray, np.ndarray]:
    share = random.random(count)
    start = np.where(share < UNREGISTERED, subjects.registered, 0)
    size = np.where(share < UNREGISTERED, subjects.unregistered, subjects.registered)
    has_wrong = share > 1 - WRONG_CODE
    start = np.where(has_wrong, subjects.registered + subjects.unregistered, start)
    size = np.where(has_wrong, subjects.wrong, size)
    chosen = start + random.integers(0, 2**40, count) % size
    return chosen, subjects.is_person[chosen]


def _event_dates(delivery: Delivery, random: np.random.Generator, wrong: np.ndarray) -> pa.Array:
    days = [(delivery.first_day + timedelta(days=day)).isoformat() for day in range(delivery.days)]
    late = (delivery.received_on + timedelta(days=9)).isoformat()
    place = random.integers(0, delivery.days, len(wrong))
    place = np.where(wrong == WRONG["event_after_receipt"], len(days), place)
    return _chosen([*days, late, ""], np.where(wrong == WRONG["no_event_date"], len(days) + 1, place))


def _details(count: int, random: np.random.Generator, wrong: np.ndarray) -> dict[str, pa.Array]:
    contents = [f"准予从事第{number:03d}类经营活动" for number in range(1000)]
    amounts = [f"{number * 37 % 1_000_000}.{number % 100:02d}" for number in range(10_000)]
    posts = [f"05{number:04d}" for number in range(500)]
    sizes = {"kind": 6, "content": 1000, "amount": 12_500, "post": 500, "grade": 5, "until": 20}
    draw = {name: random.integers(0, size, count) for name, size in sizes.items()}
    amount = np.minimum(draw["amount"], 10_000)
    for place, name in enumerate(("negative_amount", "huge_amount", "amount_no_number"), start=10_001):
        amount = np.where(wrong == WRONG[name], place, amount)
    content = np.where(wrong == WRONG["no_content"], 1000 + draw["grade"] % 3, draw["content"])
    until = np.where(wrong == WRONG["bad_valid_until"], 20, draw["until"])
    kind = np.where(wrong == WRONG["no_kind"], 6, np.where(wrong == WRONG["unknown_kind"], 7, draw["kind"]))
    return {
        "licence_kind": _chosen([*KINDS, "", "未列"], kind),
        "content": _chosen(
            [*contents, "", "—", "NULL", "长" * 501], np.where(wrong == WRONG["long_content"], 1003, content)
        ),
        "valid_until": _chosen([""] + [f"{2027 + year}-12-31" for year in range(19)] + ["2030-02-30"], until),
        "amount": _chosen([*amounts, "", "-5", "2000000000", "若干"], amount),
        "post_code": _chosen([*posts, "0500"], np.where(wrong == WRONG["bad_post_code"], 500, draw["post"])),
        "grade": _chosen(["1", "2", "3", "4", "5", "9"], np.where(wrong == WRONG["grade_too_high"], 5, draw["grade"])),
    }


def _chosen(words: list[str], place: np.ndarray) -> pa.Array:
    return pa.array(words, pa.string()).take(pa.array(place))


def _blank(values: pa.Array, mask: np.ndarray) -> pa.Array:
    return pc.if_else(pa.array(mask), "", values)


def numbered(prefix: bytes, numbers: np.ndarray, digits: int) -> pa.Array:
    """Texts of one width: a prefix and a number with leading zeros."""
    width = len(prefix) + digits
    matrix = np.empty((len(numbers), width), dtype=np.uint8)
    matrix[:, : len(prefix)] = np.frombuffer(prefix, dtype=np.uint8)
    rest = numbers.astype(np.int64)
    for place in range(width - 1, len(prefix) - 1, -1):
        rest, digit = np.divmod(rest, 10)
        matrix[:, place] = digit + ord("0")
    return texts(matrix)


def texts(matrix: np.ndarray) -> pa.Array:
    """One text a row of bytes."""
    count, width = matrix.shape
    offsets = np.arange(0, (count + 1) * width, width, dtype=np.int32)
    data = pa.py_buffer(np.ascontiguousarray(matrix, dtype=np.uint8))
    return pa.StringArray.from_buffers(count, pa.py_buffer(offsets), data)
