"""The disclosure policy: numbers that decide what is shown, kept in a file with their reasons, never in code."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import date
from pathlib import Path
from types import MappingProxyType

from creditlab.disclosure.verdict import Exemption, Reason, Verdict
from creditlab.terms import Audience, RightToUse, SecurityLevel

DEFAULT_POLICY = Path(__file__).with_name("policy.toml")
_ALL_RIGHTS = MappingProxyType(
    {
        Audience.PUBLIC: (RightToUse.PUBLIC,),
        Audience.GOVERNMENT: (RightToUse.PUBLIC, RightToUse.GOVERNMENT),
        Audience.INTERNAL: tuple(RightToUse),
    }
)


@dataclass(frozen=True)
class Overlap:
    """An area that was cut anew: what was published of it before a day is the sum of its parts."""

    whole: str
    parts: tuple[str, ...]
    before: date


@dataclass(frozen=True)
class AmountRules:
    """Dominance (n, k) and p %: when a sum says too much about who contributes most to it."""

    n: int = 2
    k: float = 85
    p: float = 10


@dataclass(frozen=True)
class Policy:
    """What the gate does, for each audience.

    Parameters
    ----------
    name
        What the policy is called in stamps.
    threshold
        By audience: a cell with natural persons' items in it is suppressed when it counts fewer than this.
    in_full
        By audience: the security levels of catalogue items that are shown with all that the catalogue says of them;
        of other items a reader learns that there is such an item, and whose.
    rates
        By audience: the same as `threshold` for a rate's denominator; none means as `threshold`.
    count_width, part_width
        By how much a suppressed count, and each part of a suppressed rate, stays open.
    verdicts
        What becomes of rates that are 0 or 1, or have a part of few.
    amounts
        The rules for amounts.
    rounding_base
        Counts with natural persons in them are rounded to a multiple of this; 0 rounds nothing.
    rights
        By audience: the rights to use of items whose records it may see.
    organisations
        By audience: a count of organisations by how they stand is suppressed when it is smaller; none means as
        `threshold`.
    exceptions, overlaps
        Decisions that were recorded, and areas that were cut anew.
    """

    name: str
    threshold: Mapping[Audience, int]
    in_full: Mapping[Audience, tuple[SecurityLevel, ...]]
    rates: Mapping[Audience, int] = field(default_factory=dict)
    count_width: int = 10
    part_width: int = 1
    verdicts: Mapping[Reason, Verdict] = field(default_factory=dict)
    amounts: AmountRules = AmountRules()
    rounding_base: int = 0
    rights: Mapping[Audience, tuple[RightToUse, ...]] = field(default_factory=lambda: _ALL_RIGHTS)
    organisations: Mapping[Audience, int] = field(default_factory=dict)
    exceptions: tuple[Exemption, ...] = ()
    overlaps: tuple[Overlap, ...] = ()

    def verdict(self, rule: Reason, audience: Audience, measure: str, as_of: date) -> Verdict:
        """What a rule that found something decides, with the exceptions that were recorded."""
        verdict = self.verdicts.get(rule, Verdict.PASS)
        if any(one.covers(rule, audience, measure, as_of) for one in self.exceptions):
            return Verdict.PASS
        return verdict

    def may_see(self, right: RightToUse, level: SecurityLevel, audience: Audience) -> bool:
        """Whether an audience may see an item's records, and figures of them (Article 11, fields 5 and 12)."""
        return right in self.rights[audience] and level in self.in_full[audience]

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical form: two files that say the same have the same digest."""
        canonical = {
            "name": self.name,
            "threshold": {str(key): self.threshold[key] for key in sorted(self.threshold)},
            "in_full": {str(key): sorted(map(str, self.in_full[key])) for key in sorted(self.in_full)},
            "rates": {str(key): self.rates[key] for key in sorted(self.rates)},
            "open": [self.count_width, self.part_width],
            "verdicts": {str(key): str(self.verdicts[key]) for key in sorted(self.verdicts)},
            "amounts": asdict(self.amounts),
            "rounding": self.rounding_base,
            "rights": {str(key): sorted(map(str, self.rights[key])) for key in sorted(self.rights)},
            "organisations": {str(key): self.organisations[key] for key in sorted(self.organisations)},
            "exceptions": [{key: str(value) for key, value in asdict(one).items()} for one in self.exceptions],
            "overlaps": [[one.whole, *one.parts, one.before.isoformat()] for one in self.overlaps],
        }
        return hashlib.sha256(json.dumps(canonical, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def read_policy(path: Path | None = None) -> Policy:
    """Read a policy; without a path, the one that creditlab brings.

    Raises
    ------
    WorkspaceError
        If the file is missing or can't be read, or if it has an unknown key, or lacks a threshold for an audience,
        or has one that is no whole number above 0: a policy that is half understood protects nobody.

    Examples
    --------
    >>> read_policy().threshold[Audience.PUBLIC]
    10
    """
    from creditlab.disclosure.policy_file import parse_policy

    return parse_policy(path or DEFAULT_POLICY)
