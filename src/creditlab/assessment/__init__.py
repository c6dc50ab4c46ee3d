"""Assessment of organisations: methodology, findings, levels, recovery (Articles 4 and 9).

Pure: Ibis tables and frozen dataclasses in, Ibis tables out. `creditlab.assessing` opens lakes and files for it.
"""

from creditlab.assessment.evaluation import Assessment, assess, existing
from creditlab.assessment.explanation import Explanation, points_text
from creditlab.assessment.methodology import Indicator, Level, Methodology, Override
from creditlab.assessment.parsing import parse_methodology
from creditlab.assessment.persons import refuse_person, refuse_persons
from creditlab.assessment.recovery import Mending, Recovery, Remedy, recovery
from creditlab.assessment.sealing import Approval, seal_text
from creditlab.assessment.single import Line, Record, Standing, stand
from creditlab.assessment.suitability import check_suitable

__all__ = [
    "Approval",
    "Assessment",
    "Explanation",
    "Indicator",
    "Level",
    "Line",
    "Mending",
    "Methodology",
    "Override",
    "Record",
    "Recovery",
    "Remedy",
    "Standing",
    "assess",
    "check_suitable",
    "existing",
    "parse_methodology",
    "points_text",
    "recovery",
    "refuse_person",
    "refuse_persons",
    "seal_text",
    "stand",
]
