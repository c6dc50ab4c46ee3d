"""Who looked a subject up, when and what for: noted before there is an answer."""

from creditlab.access.asking import Asking, ask
from creditlab.access.log import AccessLog, Anchor, Checked, log_of

__all__ = ["AccessLog", "Anchor", "Asking", "Checked", "ask", "log_of"]
