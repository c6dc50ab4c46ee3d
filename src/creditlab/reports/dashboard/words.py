"""The dashboard's words: what its page says in either language."""

from __future__ import annotations

from collections.abc import Mapping

from creditlab.messages import N_

#: What the page's program says, by the key that it asks for.
PAGE: Mapping[str, str] = {
    "all_departments": N_("All departments"),
    "back": N_("Back"),
    "calendar": N_("What is missing: due periods by item and month"),
    "change": N_("{points} points against {previous}"),
    "days": N_("Due {due}, on time {on_time}, late {late}, never delivered {never}"),
    "department": N_("Department"),
    "due": N_("Due"),
    "evidence": N_("Evidence"),
    "heat": N_("On time, by department and month"),
    "instead_of": N_("{numerator} where {denominator} were expected"),
    "item": N_("Item"),
    "items_of": N_("What it owes, by item"),
    "late": N_("Late"),
    "late_departments": N_("Who is late: departments, the latest first"),
    "legend": N_("Shade: 100 to 95 %, then steps of 5; the darkest is below 80 %. Every cell says its share."),
    "map": N_("Units of the province"),
    "matters": N_("Which matters await a decision"),
    "measure": N_("Measure"),
    "missing_of_unit": N_("What it sent late or not at all, by item"),
    "never": N_("Never delivered"),
    "no_matters": N_("No matter stands."),
    "no_previous": N_("not compared"),
    "nothing": N_("Nothing was late or missing."),
    "numerator_of": N_("{numerator} of {denominator}"),
    "on_time": N_("On time"),
    "period_before": N_("Period before"),
    "provisional": N_("(p) provisional: late arrivals are still to come"),
    "region": N_("Region"),
    "report": N_("As a report"),
    "share": N_("Share"),
    "show_all": N_("Show everything"),
    "shown": N_("Shown: {name}"),
    "since": N_("since {day}, {state}"),
    "suppressed": N_("suppressed to protect natural persons"),
    "units_of": N_("Its units"),
    "units_of_item": N_("The item's units"),
}
