"""What the page about one organisation calls things; translated where they are shown."""

from __future__ import annotations

from creditlab.messages import N_
from creditlab.terms import InformationKind, PublicationClass, RecordState, SubjectKind, SubjectRole

KINDS = {
    SubjectKind.LEGAL_PERSON: N_("legal person"),
    SubjectKind.UNINCORPORATED_ORGANISATION: N_("unincorporated organisation"),
    SubjectKind.GOVERNMENT_BODY: N_("government body"),
}
STATES = {
    RecordState.NORMAL: N_("stands"),
    RecordState.DISPUTED: N_("disputed"),
    RecordState.REPAIRED: N_("mended by repair"),
    RecordState.WITHDRAWN: N_("taken back"),
}
CLASSES = {
    PublicationClass.MINOR: N_("minor"),
    PublicationClass.GENERAL: N_("general"),
    PublicationClass.SERIOUS: N_("serious"),
}
INFORMATION = {
    InformationKind.PUBLIC: N_("public information"),
    InformationKind.MARKET: N_("market information"),
}
ROLES = {
    SubjectRole.CREDIT_SERVICE: N_("credit service institution"),
    SubjectRole.ASSOCIATION: N_("industry association"),
}
#: The categories of the catalogue, in the order in which a page has them.
CATEGORIES = {
    "registration": N_("Registration"),
    "administrative_management": N_("Administrative management"),
    "judicial": N_("Judgments and execution"),
    "business_abnormality": N_("Abnormal operations"),
    "serious_dishonesty": N_("Serious dishonesty"),
    "professional_qualification": N_("Qualifications"),
    "contract_performance": N_("Contracts"),
    "credit_commitment": N_("Commitments"),
    "credit_evaluation": N_("Evaluations"),
    "honour": N_("Honours"),
    "other": N_("Other information"),
}
