"""The kernel of notebooks: Python's own, which opens no connection to another machine.

A notebook works with what is in the lake. Code in it that would send something away, by mistake or because somebody
put it into a notebook that came from elsewhere, is refused, and no code in the kernel can allow it again. A program
that the kernel starts is not held by this: that is the system's part (docs/operations.md).
"""

from __future__ import annotations

import socket
import sys
from collections.abc import Callable
from typing import Any

#: What a name is looked up with, and what connects or sends.
_LOOKS_UP = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.getnameinfo")
_SENDS = ("socket.connect", "socket.sendto", "socket.sendmsg")
_FAMILIES = (socket.AF_INET, socket.AF_INET6)


def keep_offline() -> None:
    """From now on, refuse whatever leaves this machine; for good, as long as the process lives."""
    sys.addaudithook(_hook(_LOOKS_UP, _SENDS, _FAMILIES))


def _hook(
    looks_up: tuple[str, ...], sends: tuple[str, ...], families: tuple[int, ...]
) -> Callable[[str, tuple[Any, ...]], None]:
    """What is asked before each step; it rests on no name that code in the kernel could give another meaning."""

    def is_here(host: object) -> bool:
        text = host.decode("ascii", "replace") if isinstance(host, bytes) else host
        if text is None or text in ("", "localhost", "::1"):
            return True
        return isinstance(text, str) and text.startswith("127.") and text.replace(".", "").isdigit()

    def refuse(event: str, arguments: tuple[Any, ...]) -> None:
        if event in sends:
            address = arguments[1]
            if arguments[0].family in families and address and not is_here(address[0]):
                raise PermissionError("a notebook's kernel opens no connection to another machine")
        elif event in looks_up:
            asked = arguments[0][0] if isinstance(arguments[0], tuple) else arguments[0]
            if not is_here(asked):
                raise PermissionError("a notebook's kernel looks up no other machine")

    return refuse


def main() -> None:
    """Run the kernel; `python -m creditlab.lab.kernel -f CONNECTION`."""
    keep_offline()
    from ipykernel.kernelapp import launch_new_instance

    launch_new_instance()


if __name__ == "__main__":
    main()
