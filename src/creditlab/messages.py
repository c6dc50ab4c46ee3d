"""Words and numbers in the reader's language: gettext messages, and Babel's formats of numbers, dates and periods.

The messages in the code are the English ones. The catalogues under locale/ are read as they are edited (.po), so that
no compiled copy can disagree with them.
"""

from __future__ import annotations

import gettext
import io
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from creditlab.errors import InternalError
from creditlab.periods import Period, containing
from creditlab.terms import Language, UpdatePeriod

if TYPE_CHECKING:
    from creditlab.catalogue.edition import Catalogue

LOCALE = Path(__file__).with_name("locale")
DOMAIN = "creditlab"
ONE_DECIMAL, HUNDREDTH = Decimal("0.1"), Decimal("0.01")
#: Ten thousand and a hundred million, by which Chinese counts.
_WAN, _YI = 10_000, 100_000_000
#: A name that is longer than anybody's is cut; its code stands beside it in the data.
LONGEST_NAME = 200


def N_(message: str) -> str:
    """Mark a message for translation where there is no reader yet."""
    return message


def shortened(name: str, longest: int = LONGEST_NAME) -> str:
    """A name as titles, tables and charts can bear it."""
    return name if len(name) <= longest else f"{name[: longest - 1]}…"


class Messages:
    """One language's words and formats.

    Shares are rounded once, half up, to one decimal of a percent; the tables keep the integers beside them.

    Examples
    --------
    >>> Messages(Language.EN).percent(2, 3)
    '66.7%'
    """

    def __init__(self, language: Language) -> None:
        self.language = Language(language)
        self._texts = _texts(self.language)

    @property
    def html_lang(self) -> str:
        """The value of an HTML page's lang attribute."""
        return {Language.EN: "en", Language.ZH_CN: "zh-CN"}[self.language]

    def gettext(self, message: str) -> str:
        """The message in this language; English where it has no translation."""
        return self._texts.gettext(message) if message else ""

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        """The message for n things in this language."""
        return self._texts.ngettext(singular, plural, n)

    def item(self, catalogue: Catalogue, code: str) -> str:
        """An item's name in the newest edition that has it; its code where none has."""
        one = catalogue.newest_item(code)
        return shortened((self.named(one.item_name_zh, one.item_name_en) if one else "") or code)

    def department(self, catalogue: Catalogue, code: str, day: date) -> str:
        """A department's name on a day; its code where the catalogue doesn't know it."""
        one = catalogue.department_on(code, day)
        return shortened((self.named(one.name_zh, one.name_en) if one else "") or code)

    def region(self, catalogue: Catalogue, code: str) -> str:
        """A region's name; its code where the catalogue doesn't know it."""
        one = catalogue.regions.get(code)
        return shortened((self.named(one.name_zh, one.name_en) if one else "") or code)

    def named(self, zh: str, en: str) -> str:
        """The name in this language of something that the catalogue names in both."""
        return (zh or en) if self.language is Language.ZH_CN else (en or zh)

    def integer(self, number: int) -> str:
        """A whole number with the language's grouping."""
        from babel.numbers import format_decimal

        return str(format_decimal(number, format="#,##0", locale=self.language))

    def in_words(self, number: int) -> str:
        """A count as a sentence or a tile writes it: in Chinese in 万 and 亿. Nothing is rounded.

        Examples
        --------
        >>> [Messages(Language.ZH_CN).in_words(one) for one in (9999, 49117, 312_040_000)]
        ['9,999', '4.9117万', '3亿1204万']
        """
        from babel.numbers import format_decimal

        if self.language is not Language.ZH_CN or number < _WAN:
            return self.integer(number)
        whole, rest = divmod(number, _YI)
        text = f"{whole}亿" if whole else ""
        # Four decimals of ten thousand are exact; Babel's short forms round.
        return f"{text}{format_decimal(Decimal(rest) / _WAN, '0.####', self.language)}万" if rest else text

    def number(self, value: Fraction) -> str:
        """A number with two decimals, rounded half up."""
        from babel.numbers import format_decimal

        return str(format_decimal(_rounded(value, HUNDREDTH), "#,##0.00", self.language))

    def percent(self, numerator: int, denominator: int) -> str:
        """A share in percent with one decimal; `denominator` is above 0."""
        from babel.numbers import format_decimal

        return f"{format_decimal(_rounded(Fraction(100 * numerator, denominator)), '#,##0.0', self.language)}%"

    def points(self, difference: Fraction) -> str:
        """A difference of two shares in percentage points, with its sign."""
        from babel.numbers import format_decimal

        rounded = _rounded(100 * difference)
        return str(format_decimal(rounded, "+#,##0.0;-#,##0.0" if rounded else "0.0", self.language))

    def day(self, day: date) -> str:
        """A day, written out."""
        from babel.dates import format_date

        return str(format_date(day, "long", locale=self.language))

    def period(self, period: Period) -> str:
        """A period, written out; a free span by its first and last day."""
        from babel.dates import format_date

        _ = self.gettext
        # How dates write a quarter, a month and a year (CLDR patterns).
        patterns = {UpdatePeriod.QUARTER: _("QQQQ y"), UpdatePeriod.MONTH: _("MMMM y"), UpdatePeriod.YEAR: _("y")}
        for kind, pattern in patterns.items():
            if containing(kind, period.start) == period:
                return str(format_date(period.start, pattern, locale=self.language))
        return _("{first} to {last}").format(first=self.day(period.start), last=self.day(period.last_day))


def _rounded(value: Fraction, step: Decimal = ONE_DECIMAL) -> Decimal:
    # Half up on the exact value; a float would round some halves down.
    exact = Decimal(value.numerator) / Decimal(value.denominator)
    rounded = exact.quantize(step, ROUND_HALF_UP)
    return rounded if rounded else abs(rounded)


@lru_cache(maxsize=len(Language))
def _texts(language: Language) -> gettext.NullTranslations:
    from babel.messages.mofile import write_mo
    from babel.messages.pofile import read_po

    path = LOCALE / language / "LC_MESSAGES" / f"{DOMAIN}.po"
    try:
        with path.open("rb") as file:
            catalogue = read_po(file, locale=language, domain=DOMAIN, abort_invalid=True)
    except OSError as error:
        raise InternalError("a message catalogue is missing", where=f"locale/{language}") from error
    compiled = io.BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return gettext.GNUTranslations(compiled)
