"""The gate between what is measured and what is shown: policy, audience, suppression, release ledger."""

from creditlab.disclosure.cube import CUBE_SCHEMA, GROUP_COLUMNS, Cube, CubeTable, roll_up
from creditlab.disclosure.edition import EditionRelease, release_edition
from creditlab.disclosure.gate import (
    NOT_ADDITIVE,
    RELEASE_SCHEMA,
    Marker,
    Release,
    release,
    released_again,
    require_release,
)
from creditlab.disclosure.identities import DUTIES
from creditlab.disclosure.ledger import ReleaseEntry, ReleaseLedger
from creditlab.disclosure.narrowing import narrow
from creditlab.disclosure.policy import Policy, read_policy
from creditlab.disclosure.publicity import PublicityRelease, release_publicity
from creditlab.disclosure.subject import SubjectRelease, release_subject
from creditlab.disclosure.verdict import Judgement, Reason, Verdict

__all__ = [
    "CUBE_SCHEMA",
    "DUTIES",
    "GROUP_COLUMNS",
    "NOT_ADDITIVE",
    "RELEASE_SCHEMA",
    "Cube",
    "CubeTable",
    "EditionRelease",
    "Judgement",
    "Marker",
    "Policy",
    "PublicityRelease",
    "Reason",
    "Release",
    "ReleaseEntry",
    "ReleaseLedger",
    "SubjectRelease",
    "Verdict",
    "narrow",
    "read_policy",
    "release",
    "release_edition",
    "release_publicity",
    "release_subject",
    "released_again",
    "require_release",
    "roll_up",
]
