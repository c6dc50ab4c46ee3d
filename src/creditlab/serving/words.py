"""What the page says only where it is served."""

from __future__ import annotations

from collections.abc import Mapping

from creditlab.messages import N_

#: By the key that the page's program asks for.
SERVED: Mapping[str, str] = {
    "all_of_yours": N_("All that your role shows"),
    "assessments": N_("Assessments: organisations by level"),
    "ended": N_("This session has ended; what you see stays as it is."),
    "level": N_("Level"),
    "needs_program": N_("This page needs its program to show more than its first figures."),
    "newer": N_("A newer release is there; this page shows an earlier one."),
    "not_allowed": N_("You may not see this any more."),
    "nothing_of_yours": N_("Nothing of what you may see was delivered or due in this quarter."),
    "organisations": N_("Organisations"),
    "quarter": N_("Quarter"),
    "reload": N_("Reload"),
    "skip": N_("Skip to the content"),
    "unreachable": N_("The server does not answer; what you see stays as it is."),
}
