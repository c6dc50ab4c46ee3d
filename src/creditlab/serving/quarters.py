"""The widget behind the choice of quarter: the page says which, the kernel answers with that quarter's cells."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import anywidget
import traitlets

from creditlab.serving.given import Given


class Quarters(anywidget.AnyWidget):
    """Shows nothing itself: the page has the list of quarters, and this passes between it and the kernel.

    Parameters
    ----------
    given
        What the server handed to this kernel.

    Attributes
    ----------
    period
        The quarter that the reader chose; empty as long as he chose none.
    content
        What he sees of it; empty where it is none of those that he can choose.
    """

    _esm = Path(__file__).with_name("templates") / "quarters.js"
    period = traitlets.Unicode("").tag(sync=True)
    content = traitlets.Dict().tag(sync=True)

    def __init__(self, given: Given, **settings: Any) -> None:
        super().__init__(**settings)
        self._given = given

    @traitlets.observe("period")
    def _answer(self, change: dict[str, Any]) -> None:
        self.content = json.loads(self._given.text(change["new"]))
