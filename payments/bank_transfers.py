"""Which bank transfer is meant: one name, whoever tells of it.

A transfer is told by several feeds, by polls and by uploaded statements, and each calls it by a
number of its own. What they share is what the bank wrote, so a transfer is known by the bank's
reference, the day and the amount (payments reference 2.1: join on reference, account, amount and
date, never on a feed's ids); the account is the merchant account its movement stands under.

`transfer_ref` is the `rail_ref` of the movement. Two transfers that agree in all of it are told
apart by `occurrences`, which only a listing can count: a single message always tells of the first.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Iterable
from datetime import date, datetime, timedelta, timezone

from payments.narratives import plain

#: Vietnamese banks write times in GMT+7 and no zone beside them.
_BANK_ZONE = timezone(timedelta(hours=7))


def bank_day(at: datetime) -> date:
    """The day of a transfer that was made at the aware instant `at`, by the bank's calendar."""
    return at.astimezone(_BANK_ZONE).date()


def transfer_ref(reference: str, day: date, amount: int) -> str:
    """The name of a transfer of `amount` (minor units, without a sign) on `day` (`bank_day` of when
    it was made, not of when it was booked); empty when `reference` names nothing.

    Case and separators of `reference` say nothing: one bank writes ``FT24-12``, its statement
    ``ft24 12``. Whether the money came or went is the movement's kind.
    """
    letters = re.sub("[^A-Z0-9]", "", reference.upper())
    return f"{letters}:{day:%Y%m%d}:{amount}" if letters else ""


def nameless_ref(account: str, at: datetime, amount: int, narrative: str) -> str:
    """The name of a transfer without a reference: the SHA-256, in hexadecimal, of the account, the
    second it was made, the amount and the letters and digits of its text.

    Weaker than `transfer_ref`: whoever knows only the day, or breaks the text off, tells of another
    one.
    """
    words = re.sub("[^A-Z0-9]", "", plain(narrative).upper())
    local = f"{at.astimezone(_BANK_ZONE):%Y-%m-%d %H:%M:%S}"
    told = "|".join((account.upper(), local, str(amount), words))
    return hashlib.sha256(told.encode()).hexdigest()


def occurrences(refs: Iterable[str]) -> list[int]:
    """For each of the names in one listing, oldest first: the how-manieth of its kind it is, from 1.

    A listing that begins with a whole day counts alike every time.
    """
    seen: Counter[str] = Counter()
    found = []
    for ref in refs:
        seen[ref] += 1
        found.append(seen[ref])
    return found
