"""The link `latest` beside a report's revisions."""

from __future__ import annotations

from pathlib import Path

LATEST = "latest"


def follow(revision: Path) -> None:
    """Let `latest` lead to a revision's folder; a reader sees the old one or the new one."""
    link = revision.parent / f".{LATEST}.{revision.name}"
    link.unlink(missing_ok=True)
    link.symlink_to(revision.name)
    link.replace(revision.parent / LATEST)
