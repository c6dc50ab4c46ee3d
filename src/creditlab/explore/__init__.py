"""What analysts call in a notebook: open a workspace, take a measure, look at it, drill down to its cause.

Every figure passes the gate for the internal audience before it is shown; whoever writes for others publishes.
"""

from creditlab.explore.session import Session, open_session
from creditlab.explore.trend import Trend
from creditlab.explore.view import View

__all__ = ["Session", "Trend", "View", "open_session"]
