"""Cells as people read them, in the reader's language and the city's time."""

from __future__ import annotations

from datetime import date, datetime

from payments.db import CITY_ZONE
from payments.money import Money, exponent, format_amount
from reconciliation.reports.table import Cell, Column, Kind, Language, Report, Sentence, Table

#: What stands for a minus sign, so that no line breaks after it and no spreadsheet calculates.
MINUS = "−"


def whole(number: int, language: str) -> str:
    """A whole number with the thousands separator of `language`: 674.543 (vi), 674,543 (en)."""
    text = f"{abs(number):,}".replace(",", "." if language == "vi" else ",")
    return f"{MINUS}{text}" if number < 0 else text


def percent(permille: int, language: str) -> str:
    """Thousandths as a percentage: 94,9 % (vi), 94.9 % (en)."""
    whole_part, tenth = divmod(abs(permille), 10)
    point = "," if language == "vi" else "."
    return f"{MINUS if permille < 0 else ''}{whole_part}{point}{tenth}\u00a0%"


def amount(minor: int, currency: str, language: str) -> str:
    """An amount without its currency, which the heading names: 20.000 (vi), 20,000 (en)."""
    places = exponent(currency)
    units, cents = divmod(abs(minor), 10**places)
    point = "," if language == "vi" else "."
    text = whole(units, language) + (f"{point}{cents:0{places}d}" if places else "")
    return f"{MINUS}{text}" if minor < 0 else text


def local(instant: datetime) -> datetime:
    """`instant` on the city's clock."""
    return instant.astimezone(CITY_ZONE)


def cell_text(cell: Cell, column: Column, language: Language) -> str:
    """One cell for a page or a sheet of paper; nothing is an empty text."""
    if cell is None:
        return ""
    if isinstance(cell, datetime):
        return f"{local(cell):%H:%M %d/%m/%Y}"
    if isinstance(cell, date):
        return f"{cell:%m/%Y}" if column.kind is Kind.MONTH else f"{cell:%d/%m/%Y}"
    if isinstance(cell, int):
        return _number(cell, column, language.code)
    return word(cell, column, language)


def _number(number: int, column: Column, language: str) -> str:
    if column.kind is Kind.MONEY:
        return amount(number, column.currency, language)
    if column.kind is Kind.PERMILLE:
        return percent(number, language)
    return whole(number, language) if column.kind is Kind.COUNT else str(number)


def word(text: str, column: Column, language: Language) -> str:
    """A text cell; of a `WORD` column what its code is called."""
    return language.say(column.words[text]) if text in column.words else text


def heading(column: Column, language: Language) -> str:
    """The heading of a column; an amount's names its currency."""
    title = language.say(column.title)
    if column.kind is not Kind.MONEY:
        return title
    sign = "₫" if language.code == "vi" and column.currency == "VND" else column.currency
    return f"{title} ({sign})"


def sentence_text(sentence: Sentence, language: Language) -> str:
    """A sentence with its parts as the reader writes them."""
    parts = {name: _part(part, language.code) for name, part in sentence.parts.items()}
    return language.say(sentence.text, **parts)


def _part(part: object, language: str) -> str:
    if isinstance(part, Money):
        return format_amount(part.amount, part.currency, language)
    if isinstance(part, datetime):
        return f"{local(part):%H:%M %d/%m/%Y}"
    if isinstance(part, date):
        return f"{part:%d/%m/%Y}"
    return whole(part, language) if isinstance(part, int) else str(part)


def head_of(report: Report, language: Language) -> list[tuple[str, str]]:
    """What stands above the tables, as pairs of name and value: what was asked for, and as of when
    the figures are."""
    pairs = [
        (language.say(told.column.title), cell_text(told.value, told.column, language))
        for told in report.parameters
    ]
    as_of = f"{local(report.as_of):%H:%M:%S %d/%m/%Y}" if report.as_of else "–"
    return [*pairs, (language.say("Figures as of"), as_of)]


def total_row(table: Table, language: Language) -> list[Cell]:
    """The totals with their name in the first cell; an empty list when the table has none."""
    if table.totals is None:
        return []
    first, *others = table.fitting(table.totals)
    return [language.say("Total") if first in (None, "") else first, *others]
