"""The release ledger: what has left the gate before, so that what leaves next can be judged beside it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from creditlab.terms import Audience


@dataclass(frozen=True)
class ReleaseEntry:
    """One release: what it was of, for whom, under which policy.

    `release_sha256` is taken after protection. A checksum of the figures before it would let a reader try out values
    for a suppressed cell until the checksum fits.
    """

    audience: Audience
    period: str
    as_of: date
    run_no: int
    policy_digest: str
    release_sha256: str

    def as_json(self) -> dict[str, Any]:
        """The entry as a manifest carries it."""
        return {**asdict(self), "as_of": self.as_of.isoformat()}

    @classmethod
    def from_json(cls, content: dict[str, Any]) -> ReleaseEntry:
        """Read an entry back from a manifest."""
        return cls(
            Audience(content["audience"]),
            str(content["period"]),
            date.fromisoformat(content["as_of"]),
            int(content["run_no"]),
            str(content["policy_digest"]),
            str(content["release_sha256"]),
        )


@dataclass(frozen=True)
class ReleaseLedger:
    """The releases that were published, oldest first."""

    entries: tuple[ReleaseEntry, ...] = ()
