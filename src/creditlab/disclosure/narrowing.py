"""Of a release, the cells that are a viewer's own: his departments', his units'.

What was protected together is only chosen from, never protected again for fewer: so no two viewers who put their heads
together, and nobody who has two roles, learn more than the release says.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from creditlab.disclosure.cube import GROUP_COLUMNS
from creditlab.disclosure.gate import Release

if TYPE_CHECKING:
    from creditlab.access import Viewer
    from creditlab.catalogue import Catalogue


def narrow(release: Release, viewer: Viewer | None, catalogue: Catalogue) -> Release:
    """A release as somebody sees it in his role.

    Parameters
    ----------
    release
        Protected for the viewer's audience, or a wider one's.
    viewer
        None for somebody who sees all of it.

    Returns
    -------
    Release
        The cells of the viewer's departments and units. A total over all departments is no department's own, and a cell
        by unit alone is none of a department's; they are left out.
    """
    if viewer is None or not viewer.is_limited:
        return release
    wanted: dict[str, list[str]] = {}
    if viewer.departments:
        wanted["department"] = list(viewer.departments)
    units = viewer.units(catalogue)
    if units is not None:
        wanted["region_code"] = sorted(units)
    return release.select(**{column: wanted[column] for column in GROUP_COLUMNS if column in wanted})
