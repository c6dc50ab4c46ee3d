"""A part of a report's page: what a notebook's call returns, and how a notebook shows it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

from creditlab.charts import Chart
from creditlab.disclosure import Release, require_release
from creditlab.messages import Messages
from creditlab.tables import Table, to_html

#: Key of an output's metadata. The page takes outputs that carry it; a notebook that shows anything else is refused.
MARK = "creditlab"
PLOTLY = "application/vnd.plotly.v1+json"


@dataclass(frozen=True)
class Tile:
    """A key figure: its title, its value as written, what stands behind it."""

    title: str
    value: str
    basis: str


@dataclass(frozen=True)
class Drawing:
    """A drawing of the page's own elements: its name, its title, and its HTML, in which every text is escaped."""

    name: str
    title: str
    html: str
    release: Release

    def __post_init__(self) -> None:
        require_release(self.release)


Part = Chart | Drawing | Table


@dataclass(frozen=True)
class Section:
    """A heading with its paragraphs, its sentences, key figures, charts, drawings and tables, in this order."""

    name: str
    title: str
    paragraphs: tuple[str, ...]
    parts: Sequence[Part]
    messages: Messages
    tiles: tuple[Tile, ...] = ()
    sentences: tuple[str, ...] = ()

    @property
    def tables(self) -> list[Table]:
        """Its tables."""
        return [one for one in self.parts if isinstance(one, Table)]

    def outputs(self) -> list[tuple[dict[str, Any], dict[str, Any]]]:
        """The outputs of the notebook's cell: MIME bundles with their metadata."""
        start = f'<h2 id="{escape(self.name)}">{escape(self.title)}</h2>'
        start += "".join(f"<p>{escape(text)}</p>" for text in self.paragraphs)
        if self.sentences:
            start += f'<ul class="sentences">{"".join(f"<li>{escape(one)}</li>" for one in self.sentences)}</ul>'
        if self.tiles:
            tiles = "".join(
                f'<li><span class="tile-title">{escape(one.title)}</span><span class="tile-value">{escape(one.value)}'
                f'</span><span class="tile-basis">{escape(one.basis)}</span></li>'
                for one in self.tiles
            )
            start += f'<ul class="tiles">{tiles}</ul>'
        made = [({"text/html": start, "text/plain": self.title}, {"section": self.name, "title": self.title})]
        for part in self.parts:
            if isinstance(part, Table):
                made.append(({"text/html": to_html(part, self.messages), "text/plain": part.caption}, {}))
            elif isinstance(part, Drawing):
                title = f'<p class="drawing-title">{escape(part.title)}</p>'
                made.append(({"text/html": f"{title}{part.html}", "text/plain": part.title}, {}))
            else:
                about = {"chart": part.name, "title": part.title, "alt": part.alt}
                made.append(({PLOTLY: part.figure.to_plotly_json(), "text/plain": part.alt}, about))
        return [(bundle, {MARK: {"kind": "part", **about}}) for bundle, about in made]

    def _ipython_display_(self) -> None:
        import json

        from IPython.display import display

        for bundle, metadata in self.outputs():
            if PLOTLY in bundle:
                from plotly.utils import PlotlyJSONEncoder

                bundle = {**bundle, PLOTLY: json.loads(json.dumps(bundle[PLOTLY], cls=PlotlyJSONEncoder))}
            display(bundle, raw=True, metadata=metadata)
