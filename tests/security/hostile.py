"""Names that try to be more than names, for departments and regions of the made-up report."""

from __future__ import annotations

from dataclasses import replace

from creditlab.catalogue import Catalogue
from tests.notebooks.made_up import CATALOGUE

RUN = "document.title='run'"
IMAGE = f'<img src=x onerror="{RUN}">'
CLOSING = f"</script><script>{RUN}</script>"
LINK = f"[x](javascript:{RUN})"
PICTURE = f'<svg onload="{RUN}"><foreignObject/></svg>'
QUOTES = f"\"' onmouseover='{RUN}' x=\""
TITLE = f"Province <b onclick={RUN}>"
#: A name that reads backwards, and one that only looks like another.
TURNED, HIDDEN, PLAIN, TWIN = "市\u202e民\u2066政", "zero\u200bwidth\ufeff", "Bureau A", "Bureau \u0410"
FORMULAS = ("=1+1", "+1", "-1", "@SUM(1)", "\t=1", "\r=1", "＝1", "＋1", " =1", "\u200b=1", "=cmd|' /C calc'!A0")

DEPARTMENTS = {"SCJG": IMAGE, "SHJJ": CLOSING, "MZHT": LINK, "EVIL": f"<script>{RUN}</script>", "CALC": FORMULAS[0]}
REGIONS = {"130100": PICTURE, "130200": TURNED, "130600": QUOTES, "133100": HIDDEN}


def hostile_catalogue() -> Catalogue:
    """The made-up catalogue with these names."""
    departments = {
        code: replace(one, name_zh=DEPARTMENTS.get(code, one.name_zh), name_en=DEPARTMENTS.get(code, one.name_en))
        for code, one in CATALOGUE.departments.items()
    }
    regions = {code: replace(CATALOGUE.regions[code], name_zh=name, name_en=name) for code, name in REGIONS.items()}
    return replace(CATALOGUE, departments=departments, regions=regions)
