"""The day's figure in one sentence, as the city says it: how many, how much, what in US dollars."""

from __future__ import annotations

from parking.languages import mark, translate
from parking.reports.daily import CityDay
from parking.reports.dollars import rate_on, to_dollars
from payments.db import CITY_ZONE
from payments.money import format_amount
from reconciliation.reports.shown import whole


def city_sentence(found: CityDay, language: str) -> str:
    """*N cashless transactions, VND X (US$ Y at rate R of date)*: receipts recorded that day, without
    those in cash.

    The dollars are for readers; the rate is the last one known that day and named with its date.
    """
    rate, cashless = rate_on(found.day), found.cashless
    return translate(
        mark(
            "%(count)s cashless transactions, %(amount)s (US$%(dollars)s at the rate of %(rate)s"
            " of %(rate_day)s)"
        ),
        language,
        count=whole(cashless.count, language),
        amount=format_amount(cashless.gross, found.currency, language),
        dollars=whole(to_dollars(cashless.gross, found.day), language),
        rate=_in_language(rate.text, language),
        rate_day=f"{rate.valid_from:%d/%m/%Y}",
    )


def standing_sentence(found: CityDay, language: str) -> str:
    """How much of that figure is proven: recorded, confirmed by the provider, in the bank, as of when."""
    total = found.cashless
    amounts = {
        "recorded": total.gross,
        "confirmed": total.confirmed_gross,
        "banked": total.banked_gross,
    }
    told = {
        name: format_amount(amount, found.currency, language) for name, amount in amounts.items()
    }
    as_of = found.as_of.astimezone(CITY_ZONE).strftime("%H:%M %d/%m/%Y") if found.as_of else "–"
    return translate(
        mark(
            "Recorded %(recorded)s; confirmed by the provider %(confirmed)s; in the bank %(banked)s;"
            " as of %(as_of)s."
        ),
        language,
        **told,
        as_of=as_of,
    )


def cash_sentence(found: CityDay, language: str) -> str:
    """*Beside them N payments in cash, VND X: S % of all payments*; empty on a day without cash."""
    if not found.cash.count:
        return ""
    percent, tenths = divmod(found.cash_permille, 10)
    return translate(
        mark("In cash: %(count)s payments, %(amount)s; %(share)s %% of all payments."),
        language,
        count=whole(found.cash.count, language),
        amount=format_amount(found.cash.gross, found.currency, language),
        share=_in_language(f"{percent}.{tenths}", language),
    )


def _in_language(number: str, language: str) -> str:
    """An English number as `language` writes it: separators change places."""
    return number.translate(str.maketrans(",.", ".,")) if language == "vi" else number
