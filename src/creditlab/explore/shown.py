"""What a notebook shows of a table that was made from a release."""

from __future__ import annotations

from abc import ABC, abstractmethod
from html import escape
from typing import TYPE_CHECKING, Any

from creditlab.explore.choices import Helpful
from creditlab.messages import Messages
from creditlab.tables import Table, to_html

if TYPE_CHECKING:
    import pandas as pd

    from creditlab.explore.taking import Source

#: Said beside every table, so that it looks the same in light and dark notebooks, and on paper.
_STYLE = """<style>
.creditlab table{border-collapse:collapse;font-variant-numeric:tabular-nums}
.creditlab caption{caption-side:top;text-align:left;font-weight:600;padding:.3em 0}
.creditlab th,.creditlab td{padding:.2em .7em;border-bottom:1px solid #8884;text-align:left!important}
.creditlab .integer,.creditlab .share,.creditlab .points{text-align:right!important}
.creditlab tr.total{font-weight:600}.creditlab .note{max-width:60em;opacity:.8}
.creditlab{overflow-x:auto}.creditlab .changed{border-left:.3em solid #d55e00;padding:.2em .7em;margin:.5em 0}
</style>"""


class Shown(Helpful, ABC):
    """Something that a notebook shows as a table."""

    _source: Source

    @property
    @abstractmethod
    def table(self) -> Table:
        """The table."""

    @property
    @abstractmethod
    def messages(self) -> Messages:
        """The reader's words."""

    def to_pandas(self) -> pd.DataFrame:
        """The table's exact values; a suppressed one is missing, and so is one that there is nothing to say about."""
        import pandas as pd

        names = [column.name for column in self.table.columns]
        return pd.DataFrame([[cell.value for cell in row] for row in self.table.rows], columns=names).convert_dtypes()

    @property
    def html(self) -> str:
        """The table as a page shows it."""
        return in_style(to_html(self.table, self.messages, with_link=False))

    def _repr_html_(self) -> str:
        said = changed(self._source)
        return self.html if not said else in_style(f"{said}<p><code>ws = ws.reload()</code></p>") + self.html

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.table.caption})"

    def _repr_mimebundle_(self, **_: Any) -> dict[str, str]:
        return {"text/html": self._repr_html_(), "text/plain": repr(self)}


def in_style(html: str) -> str:
    """A piece of a notebook's page as all of them look."""
    return f'{_STYLE}<div class="creditlab" tabindex="0">{html}</div>'


def changed(source: Source) -> str:
    """What is said where the lake has a newer run than the one looked at; empty where it has not."""
    newer = source.newer_run()
    if newer is None:
        return ""
    text = source.messages.gettext("The lake has changed: this is run {run_no}, and run {newer} is there.")
    return f'<p class="changed" role="status">{escape(text.format(run_no=source.known[0], newer=newer))}</p>'
