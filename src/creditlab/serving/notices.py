"""Pages that say why there is no dashboard, and what to do; in both languages, the server's first."""

from __future__ import annotations

from enum import Enum
from pathlib import Path

from creditlab.messages import N_, Messages
from creditlab.terms import Language

TEMPLATES = Path(__file__).with_name("templates")


class Notice(Enum):
    """What is said, and what to do about it."""

    NOT_ALLOWED = (
        N_("The dashboard is not shown to you"),
        N_("Open it with the address that you were given, whole. If it stopped working, ask for a new one."),
    )
    NOT_FOUND = (N_("There is no such page"), N_("Go back to the dashboard."))
    NOTHING = (
        N_("Nothing has been published yet"),
        N_("Publish a dashboard for this audience: creditlab publish --report dashboard. Then reload this page."),
    )
    NO_QUARTER = (N_("Nothing has been published for this quarter"), N_("Go back to the newest one."))
    FULL = (
        N_("All places are taken"),
        N_("As many people are looking as can look at a time. Try again in a minute; nothing is lost."),
    )
    FAILED = (
        N_("The dashboard can't be shown"),
        N_("Reload the page. If that doesn't help, tell whoever runs the server; its log says why."),
    )


def notice_page(notice: Notice, base_url: str, language: Language) -> str:
    """The page of a notice."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, undefined=jinja2.StrictUndefined,
        trim_blocks=True, lstrip_blocks=True,
    )  # fmt: skip
    both = [Messages(language), *(Messages(one) for one in Language if one != language)]
    texts = [
        {"lang": one.html_lang, "what": one.gettext(notice.value[0]), "do": one.gettext(notice.value[1]),
         "again": one.gettext("To the dashboard")}
        for one in both
    ]  # fmt: skip
    return environment.get_template("notice.html.j2").render(texts=texts, base_url=base_url)
