"""Check the access log against its own head and against every anchor that publications printed."""

from __future__ import annotations

from creditlab.access import Anchor, Checked, log_of
from creditlab.errors import ParameterError
from creditlab.reports.shelf import published
from creditlab.workspace import Workspace


def verify_log(workspace: Workspace, printed: str | None = None) -> Checked:
    """Follow the chain of a workspace's access log, and compare it with what was printed.

    Parameters
    ----------
    printed
        An anchor that somebody kept, as `COUNT:LINK`.

    Raises
    ------
    ParameterError
        If that is no anchor.
    AccessLogError
        If the log's key is missing, so that nothing can be checked.
    """
    anchors = [
        (one["folder"], Anchor(int(one["access_log"]["count"]), str(one["access_log"]["link"])))
        for one in (published(workspace.reports) if workspace.reports.is_dir() else ())
        if one.get("access_log")
    ]
    if printed is not None:
        one = Anchor.parse(printed)
        if one is None:
            raise ParameterError("an anchor can't be read", where="--anchor", do="Write it as COUNT:LINK.")
        anchors.append(("--anchor", one))
    return log_of(workspace).check(anchors)
