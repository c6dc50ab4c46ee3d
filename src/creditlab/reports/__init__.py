"""Reports: run a notebook, render its page, write its tables, and publish all of it with one rename."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from creditlab.reports.publication import Published, publish

__all__ = ["Published", "publish"]


def __getattr__(name: str) -> Any:
    # A notebook imports its report from here; it shouldn't load what runs notebooks.
    if name in __all__:
        from creditlab.reports import publication

        return getattr(publication, name)
    raise AttributeError(name)
