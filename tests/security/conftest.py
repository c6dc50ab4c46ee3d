"""Fixtures of the security tests: the tiny workspace of the spec tests, and its way to run a command."""

from tests.spec.conftest import make_tiny, run, tiny

__all__ = ["make_tiny", "run", "tiny"]
