"""The disclosure policy: numbers that decide what is shown, kept in a file with their reasons, never in code."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any

from creditlab.errors import WorkspaceError
from creditlab.terms import Audience, SecurityLevel

DEFAULT_POLICY = Path(__file__).with_name("policy.toml")


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
    """

    name: str
    threshold: Mapping[Audience, int]
    in_full: Mapping[Audience, tuple[SecurityLevel, ...]]

    @property
    def digest(self) -> str:
        """SHA-256 over the canonical form: two files that say the same have the same digest."""
        canonical = {
            "name": self.name,
            "threshold": {str(key): self.threshold[key] for key in sorted(self.threshold)},
            "in_full": {str(key): sorted(map(str, self.in_full[key])) for key in sorted(self.in_full)},
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
    path = path or DEFAULT_POLICY
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WorkspaceError(
            "the disclosure policy can't be read", where=path.name, do="See [paths] policy."
        ) from error
    _only(content, {"name", "natural_persons", "catalogue"}, path)
    section = _only(content.get("natural_persons"), {"threshold"}, path)
    numbers = _only(section.get("threshold"), {str(one) for one in Audience}, path)
    for audience in Audience:
        number = numbers.get(audience)
        if not isinstance(number, int) or isinstance(number, bool) or number < 1:
            raise WorkspaceError(
                "a threshold is missing or is no whole number above 0",
                where=f"{path.name}, [natural_persons.threshold] {audience}",
                do="Give one number for each audience.",
            )
    threshold = MappingProxyType({audience: int(numbers[audience]) for audience in Audience})
    return Policy(str(content.get("name", path.stem)), threshold, _in_full(content, path))


def _in_full(content: dict[str, Any], path: Path) -> Mapping[Audience, tuple[SecurityLevel, ...]]:
    """The security levels shown in full; a policy that says nothing of the catalogue shows nobody other than public."""
    if "catalogue" not in content:
        return MappingProxyType(dict.fromkeys(Audience, (SecurityLevel.PUBLIC,)))
    section = _only(content["catalogue"], {"in_full"}, path)
    levels = _only(section.get("in_full"), {str(one) for one in Audience}, path)
    found = {}
    for audience in Audience:
        words = levels.get(audience)
        if not isinstance(words, list) or not {str(word) for word in words} <= set(SecurityLevel):
            raise WorkspaceError(
                "the levels shown in full are missing or none that there are",
                where=f"{path.name}, [catalogue.in_full] {audience}",
                do=f"Give a list for each audience, of {', '.join(SecurityLevel)}.",
            )
        found[audience] = tuple(SecurityLevel(word) for word in words)
    return MappingProxyType(found)


def _only(section: Any, known: set[str], path: Path) -> dict[str, Any]:
    if not isinstance(section, dict):
        raise WorkspaceError("the disclosure policy lacks a section", where=f"{path.name}, {', '.join(sorted(known))}")
    unknown = sorted(set(section) - known)
    if unknown:
        raise WorkspaceError("the disclosure policy has an unknown key", where=f"{path.name}, {unknown[0]}")
    return section
