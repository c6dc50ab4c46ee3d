"""What the page says only where it is served."""

from __future__ import annotations

from collections.abc import Mapping

from creditlab.messages import N_

#: By the key that the page's program asks for.
SERVED: Mapping[str, str] = {
    "ended": N_("This session has ended; what you see stays as it is."),
    "needs_program": N_("This page needs its program to show more than its first figures."),
    "newer": N_("A newer release is there; this page shows an earlier one."),
    "not_allowed": N_("You may not see this any more."),
    "quarter": N_("Quarter"),
    "reload": N_("Reload"),
    "skip": N_("Skip to the content"),
    "unreachable": N_("The server does not answer; what you see stays as it is."),
}
