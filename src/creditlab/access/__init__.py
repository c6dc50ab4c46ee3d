"""Who may look, and who looked a subject up, when and what for: noted before there is an answer."""

from creditlab.access.asking import Asking, ask
from creditlab.access.deciding import viewer_here
from creditlab.access.log import AccessLog, Anchor, Checked, log_of
from creditlab.access.roles import Roles, Viewer, read_roles

__all__ = [
    "AccessLog",
    "Anchor",
    "Asking",
    "Checked",
    "Roles",
    "Viewer",
    "ask",
    "log_of",
    "read_roles",
    "viewer_here",
]
