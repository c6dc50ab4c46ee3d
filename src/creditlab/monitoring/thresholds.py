"""From where on a problem is a matter: numbers in a commented file, single ones changed by the workspace."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from creditlab.errors import WorkspaceError
from creditlab.terms import MatterRule

DEFAULTS = Path(__file__).with_name("rules.toml")

Thresholds = Mapping[MatterRule, Mapping[str, Any]]


def read_thresholds(changes: Mapping[str, Any] | None = None) -> Thresholds:
    """The thresholds of every rule, with the workspace's changes.

    Parameters
    ----------
    changes
        The workspace's section `monitoring`: for a rule, the numbers that are other than creditlab's.

    Raises
    ------
    WorkspaceError
        If a rule or a number is unknown, is of another kind, or is not above 0 (shares: above 1).

    Examples
    --------
    >>> read_thresholds({"late": {"share": 0.3}})[MatterRule.LATE]["share"]
    0.3
    """
    known = tomllib.loads(DEFAULTS.read_text(encoding="utf-8"))
    for rule, numbers in (changes or {}).items():
        if rule not in known or not isinstance(numbers, Mapping):
            raise WorkspaceError("a rule is unknown", where="[monitoring]", do=f"Choose among {', '.join(known)}.")
        for name, value in numbers.items():
            known[rule][name] = _checked(rule, name, value, known[rule])
    return {MatterRule(rule): numbers for rule, numbers in known.items()}


def _checked(rule: str, name: str, value: Any, known: Mapping[str, Any]) -> Any:
    where = f"[monitoring.{rule}] {name}"
    if name not in known:
        raise WorkspaceError("a threshold is unknown", where=where, do=f"Choose among {', '.join(known)}.")
    default = known[name]
    if isinstance(default, str):
        if not isinstance(value, str) or not value.strip():
            raise WorkspaceError("an owner is a role", where=where, do='Write "coordination desk", say.')
        return value.strip()
    kinds = (int,) if isinstance(default, int) else (int, float)
    # The very type: to Python, True is a number. What is no number is not above 0 either.
    if type(value) not in kinds or not value > 0 or (isinstance(default, float) and default < 1 and value > 1):
        raise WorkspaceError("a threshold has a value without a meaning", where=where, do="See rules.toml.")
    return value
