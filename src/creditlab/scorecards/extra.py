"""The libraries that scorecards are fitted with: an extra, because whoever only reports does without them."""

from __future__ import annotations

from importlib.util import find_spec

from creditlab.errors import ExtraError

EXTRA = "model"
#: What the extra adds; scikit-learn is there in any case.
LIBRARIES = ("optbinning", "ortools", "fairlearn", "interpret")


def need_extra() -> None:
    """See to it that scorecards can be fitted here.

    Raises
    ------
    ExtraError
        If a library of the extra is not installed; the message names the extra.
    """
    missing = [one for one in LIBRARIES if find_spec(one) is None]
    if missing:
        raise ExtraError(
            "scorecards are fitted with libraries that are not installed",
            where=", ".join(missing),
            do=f"Install the extra `{EXTRA}`: pip install 'creditlab[{EXTRA}]', or uv sync --extra {EXTRA}.",
        )
