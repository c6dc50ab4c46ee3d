"""creditlab: deliveries of public credit information in, measures out, every figure recomputable.

In a notebook: `import creditlab as cl`, then `ws = cl.open("workspace")`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from creditlab.explore import open_session as open

__all__ = ["open"]


def __getattr__(name: str) -> Any:
    """`open` is fetched when it is first asked for: the command line has no use for what notebooks need."""
    if name != "open":
        raise AttributeError(f"module 'creditlab' has no attribute {name!r}; a workspace is opened by creditlab.open")
    return import_module("creditlab.explore").open_session


def __dir__() -> list[str]:
    """What is completed in a notebook."""
    return [*__all__, "__doc__"]
