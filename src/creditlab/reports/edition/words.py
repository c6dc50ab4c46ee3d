"""What the catalogue's words are called on its page; translated where they are shown."""

from __future__ import annotations

from creditlab.catalogue.changes import Change, Contest
from creditlab.messages import N_
from creditlab.terms import (
    FieldType,
    PublicationMethod,
    ReportingLevel,
    RightToUse,
    SecurityLevel,
    SubjectKind,
    UpdatePeriod,
)

#: Article 11's twelve fields by the column that holds them; `level` and `months` belong to the column before.
FIELDS = {
    "item_code": N_("Directory code"),
    "departments": N_("Provider"),
    "item_name": N_("Item"),
    "data_format": N_("Data format"),
    "right_to_use": N_("Right to use"),
    "subject_kinds": N_("Subjects"),
    "collection_scope": N_("Collection scope"),
    "collection_procedure": N_("Collection procedure"),
    "collection_path": N_("Collection path"),
    "reporting_level": N_("Reporting level"),
    "collection_time_limit": N_("Collection time limit"),
    "publication_method": N_("Publication method"),
    "publication_months": N_("Months of publication"),
    "update_period": N_("Update period"),
    "security_level": N_("Security level"),
}
#: What a cell's word is called, by column.
WORDS: dict[str, dict[str, str]] = {
    "right_to_use": {
        RightToUse.PUBLIC: N_("open to the public"),
        RightToUse.GOVERNMENT: N_("for government"),
        RightToUse.AUTHORISED: N_("with authorisation"),
    },
    "subject_kinds": {
        SubjectKind.LEGAL_PERSON: N_("legal persons"),
        SubjectKind.UNINCORPORATED_ORGANISATION: N_("unincorporated organisations"),
        SubjectKind.GOVERNMENT_BODY: N_("government bodies"),
        SubjectKind.NATURAL_PERSON: N_("natural persons"),
    },
    "reporting_level": {
        ReportingLevel.PROVINCE: N_("province"),
        ReportingLevel.PREFECTURE: N_("prefecture"),
        ReportingLevel.COUNTY: N_("county"),
    },
    "publication_method": {
        PublicationMethod.WEBSITE: N_("website"),
        PublicationMethod.ON_REQUEST: N_("on request"),
        PublicationMethod.NONE: N_("not made public"),
    },
    "update_period": {
        UpdatePeriod.EVENT: N_("at each event"),
        UpdatePeriod.DAY: N_("daily"),
        UpdatePeriod.WEEK: N_("weekly"),
        UpdatePeriod.MONTH: N_("monthly"),
        UpdatePeriod.QUARTER: N_("quarterly"),
        UpdatePeriod.HALF_YEAR: N_("half-yearly"),
        UpdatePeriod.YEAR: N_("yearly"),
    },
    "security_level": {
        SecurityLevel.PUBLIC: N_("open to all"),
        SecurityLevel.INTERNAL: N_("internal use"),
        SecurityLevel.RESTRICTED: N_("restricted"),
    },
    "change": {
        Change.INCLUDED: N_("included"),
        Change.WITHDRAWN: N_("withdrawn"),
        Change.ALTERED: N_("altered"),
    },
    "contested": {
        Contest.OPINIONS: N_("opinions differed greatly"),
        Contest.IMPACT: N_("great social impact"),
    },
    "type": {
        FieldType.STRING: N_("text"),
        FieldType.DATE: N_("date"),
        FieldType.DECIMAL: N_("decimal number"),
        FieldType.INTEGER: N_("whole number"),
        FieldType.BOOLEAN: N_("true or false"),
    },
}
