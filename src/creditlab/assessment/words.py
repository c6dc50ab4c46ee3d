"""How pages and texts name what an assessment says, in the reader's language."""

from __future__ import annotations

from creditlab.assessment.recovery import Remedy
from creditlab.messages import N_
from creditlab.terms import LeftOut

#: Why a record adds nothing.
REASONS = {
    LeftOut.WITHDRAWN: N_("withdrawn by the department"),
    LeftOut.REPAIRED: N_("repaired"),
    LeftOut.DISPUTED: N_("disputed: held until the dispute is settled, and the result is provisional"),
    LeftOut.PUBLICATION_ENDED: N_("its period of publication is over"),
    LeftOut.DATE_ORDER: N_("its date lies after the day on which it was received"),
    LeftOut.DUPLICATE_KEY: N_("the same matter was reported under another number"),
    LeftOut.CHECK_DIGIT: N_("the credit code on it is not a right one"),
    LeftOut.OUT_OF_SCOPE: N_("its item does not cover such subjects"),
    LeftOut.EXPIRED: N_("it is no longer valid"),
    LeftOut.OTHER_VALUE: N_("what it says does not count for this indicator"),
    LeftOut.TOO_OLD: N_("it is too old to count"),
    LeftOut.NO_AMOUNT: N_("its amount is missing or too small"),
    LeftOut.COUNTED_ONCE: N_("a newer record of this indicator counts, and it counts once"),
}
#: What can be done about a record.
REMEDIES = {
    Remedy.PERFORM: N_("perform it, or leave the list, and have the department correct the record"),
    Remedy.REPAIR: N_("ask for repair"),
}
