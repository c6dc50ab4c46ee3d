"""Words as data: the enums and column schemas that every other room uses.

A status, an action or a column name that is compared anywhere is defined here once; nowhere else is it a bare string.
"""

from __future__ import annotations

from enum import StrEnum


class SubjectKind(StrEnum):
    """Article 3: who information can be about; government bodies by Article 7."""

    LEGAL_PERSON = "legal_person"
    UNINCORPORATED_ORGANISATION = "unincorporated_organisation"
    GOVERNMENT_BODY = "government_body"
    NATURAL_PERSON = "natural_person"


class Action(StrEnum):
    """What a delivered row asks for; an empty cell asks for `add`."""

    ADD = "add"
    CORRECT = "correct"
    WITHDRAW = "withdraw"
    DISPUTE = "dispute"
    RESOLVE = "resolve"
    REPAIR = "repair"


class RecordState(StrEnum):
    """How a record stands."""

    NORMAL = "normal"
    DISPUTED = "disputed"
    REPAIRED = "repaired"
    WITHDRAWN = "withdrawn"


class Outcome(StrEnum):
    """What became of a delivered row: exactly one of these five."""

    ACCEPTED = "accepted"
    CORRECTED = "corrected"
    WITHDRAWN = "withdrawn"
    REPEATED = "repeated"
    QUARANTINED = "quarantined"


class QuarantineReason(StrEnum):
    """Why a row could not become a record."""

    NO_RECORD_ID = "no_record_id"
    NO_SUBJECT_ID = "no_subject_id"
    NO_EVENT_DATE = "no_event_date"
    UNKNOWN_ACTION = "unknown_action"
    UNREADABLE_ROW = "unreadable_row"
    UNREADABLE_FILE = "unreadable_file"
    ITEM_NOT_IN_EDITION = "item_not_in_edition"
    DEPARTMENT_NOT_PROVIDER = "department_not_provider"
    UNKNOWN_REGION = "unknown_region"


class Role(StrEnum):
    """What a field of a record schema is for."""

    RECORD_ID = "record_id"
    SUBJECT_ID = "subject_id"
    SUBJECT_NAME = "subject_name"
    SUBJECT_KIND = "subject_kind"
    EVENT_DATE = "event_date"
    VALID_UNTIL = "valid_until"
    AMOUNT = "amount"
    KEY = "key"


class FieldType(StrEnum):
    """The machine types of fields.csv."""

    STRING = "string"
    DATE = "date"
    DECIMAL = "decimal"
    INTEGER = "integer"
    BOOLEAN = "boolean"


class IdentifierPattern(StrEnum):
    """What a subject_id field is: a unified social credit code, or a department's own number."""

    USCC = "uscc"
    LOCAL = "local"


class RightToUse(StrEnum):
    """Article 11, field 5."""

    PUBLIC = "public"
    GOVERNMENT = "government"
    AUTHORISED = "authorised"


class SecurityLevel(StrEnum):
    """Article 11, field 12."""

    PUBLIC = "public"
    INTERNAL = "internal"
    RESTRICTED = "restricted"


class PublicationMethod(StrEnum):
    """Article 11, field 10."""

    WEBSITE = "website"
    ON_REQUEST = "on request"
    NONE = "none"


class ReportingLevel(StrEnum):
    """The level of the regions that report an item."""

    PROVINCE = "province"
    PREFECTURE = "prefecture"
    COUNTY = "county"


class UpdatePeriod(StrEnum):
    """Article 11, field 11. `event` means: whenever it happens, so nothing is periodically due."""

    EVENT = "event"
    DAY = "day"
    WEEK = "week"
    MONTH = "month"
    QUARTER = "quarter"
    HALF_YEAR = "half-year"
    YEAR = "year"


class InformationKind(StrEnum):
    """Article 3: public or market credit information."""

    PUBLIC = "public"
    MARKET = "market"


class Nature(StrEnum):
    """What a record says about its subject."""

    NEUTRAL = "neutral"
    POSITIVE = "positive"
    NEGATIVE = "negative"
    SERIOUS = "serious"


class CoverageBasis(StrEnum):
    """Where the denominator of coverage comes from; never from the records themselves."""

    LEDGER = "ledger"
    REGISTER = "register"
    NONE = "none"


class EditionState(StrEnum):
    """Article 11: an edition's way through its year."""

    DRAFT = "draft"
    CONSULTATION = "consultation"
    APPROVED = "approved"
    PUBLISHED = "published"


class Audience(StrEnum):
    """Who a release is for."""

    PUBLIC = "public"
    GOVERNMENT = "government"
    INTERNAL = "internal"


class NamesFrom(StrEnum):
    """Who vouches for the name of somebody who looks."""

    SYSTEM = "system"
    JUPYTERHUB = "jupyterhub"
    PROXY = "proxy"


class Purpose(StrEnum):
    """What a subject is looked up for; the access log has it with every look-up."""

    SUBJECT_REQUEST = "subject_request"
    AUTHORISED_REQUEST = "authorised_request"
    SUPERVISION = "supervision"
    OBJECTION = "objection"
    TENDER = "tender"
    ASSESSMENT = "assessment"
    ANALYSIS = "analysis"
    PUBLICATION = "publication"


class Language(StrEnum):
    """The languages that every word on a page exists in."""

    EN = "en"
    ZH_CN = "zh_CN"


class Dimension(StrEnum):
    """The quality dimension that a measure speaks of (ISO/IEC 25012, DAMA, ESS)."""

    TIMELINESS = "timeliness"
    PUNCTUALITY = "punctuality"
    COVERAGE = "coverage"
    COMPLETENESS = "completeness"
    VALIDITY = "validity"
    UNIQUENESS = "uniqueness"
    CONSISTENCY = "consistency"
    CURRENTNESS = "currentness"


class Measure(StrEnum):
    """The twelve measures."""

    TIMELINESS = "timeliness"
    PUNCTUALITY = "punctuality"
    COVERAGE_LEDGER = "coverage_ledger"
    COVERAGE_CELLS = "coverage_cells"
    COVERAGE_ITEMS = "coverage_items"
    COVERAGE_SUBJECTS = "coverage_subjects"
    COMPLETENESS = "completeness"
    VALIDITY = "validity"
    UNIQUENESS = "uniqueness"
    CONSISTENCY_SUBJECT = "consistency_subject"
    CONSISTENCY_NAME = "consistency_name"
    CURRENTNESS = "currentness"


class Group(StrEnum):
    """What a measure can be grouped by, as the command line names it."""

    ITEM = "item_code"
    DEPARTMENT = "department"
    REGION = "region"
    MONTH = "month"


class MatterRule(StrEnum):
    """Article 5: what makes something a matter for coordination."""

    SILENT_DEPARTMENT = "silent_department"
    LATE = "late"
    BELOW_LEDGER = "below_ledger"
    NO_PROVIDER = "no_provider"
    DISPUTE_OPEN = "dispute_open"
    UNUSUAL_VOLUME = "unusual_volume"


class MatterState(StrEnum):
    """How a matter stands: found, agreed who mends it, mended, or there again after it was."""

    OPEN = "open"
    AGREED = "agreed"
    MENDED = "mended"
    RETURNED = "returned"


class MethodologyState(StrEnum):
    """Whether a methodology is still written, or was approved and sealed."""

    DRAFT = "draft"
    APPROVED = "approved"


class Counted(StrEnum):
    """What an indicator counts of its records."""

    ANY = "any"
    COUNT = "count"
    SUM = "sum"
    DAYS_SINCE = "days_since"


class PublicationClass(StrEnum):
    """How grave adverse information is: it decides for how long it may be published and when it may be repaired."""

    MINOR = "minor"
    GENERAL = "general"
    SERIOUS = "serious"


class SubjectRole(StrEnum):
    """Article 7: bodies that are to abide by the rules of the credit industry; they have a view of their own."""

    CREDIT_SERVICE = "credit_service"
    ASSOCIATION = "association"


class LeftOut(StrEnum):
    """Why a record adds nothing to an assessment; a disputed one is held, and the result is provisional."""

    WITHDRAWN = "withdrawn"
    REPAIRED = "repaired"
    DISPUTED = "disputed"
    PUBLICATION_ENDED = "publication_ended"
    DATE_ORDER = "date_order"
    DUPLICATE_KEY = "duplicate_key"
    CHECK_DIGIT = "check_digit"
    OUT_OF_SCOPE = "out_of_scope"
    EXPIRED = "expired"
    OTHER_VALUE = "other_value"
    TOO_OLD = "too_old"
    NO_AMOUNT = "no_amount"
    COUNTED_ONCE = "counted_once"


#: The columns of a finding, in order: what one indicator saw in one record. `points` are milli-points; `left_out` is
#: null where the record counted.
FINDING = (
    "subject_id",
    "dimension",
    "indicator",
    "item_code",
    "department",
    "region_code",
    "record_id",
    "key64",
    "event_date",
    "points",
    "left_out",
    "legal_basis",
)

#: The columns of an assessment, in order. `score` is in milli-points; score and level are null without information.
ASSESSMENT = ("subject_id", "subject_kind", "region_code", "score", "level", "is_provisional", "has_information")

#: The result columns of every measure, in order. `ratio` is null where the denominator is 0.
MEASUREMENT = (
    "measure",
    "dimension",
    "item_code",
    "department",
    "region_code",
    "period_start",
    "period_end",
    "as_of",
    "run_no",
    "numerator",
    "denominator",
    "ratio",
    "is_provisional",
)

#: The six counts of an ingest, in the order in which they are printed.
COUNTS = ("delivered", "accepted", "corrected", "withdrawn", "repeated", "quarantined")

#: The columns of an inbox's manifest.
MANIFEST = ("path", "item_code", "department", "region_code", "delivered_at", "period", "zero_report")

#: Begins the names of the columns that a feedback pack adds to a department's own, to say what is wrong. They come back
#: with the pack, and are no part of what is delivered.
HELPER_PREFIX = "creditlab:"
