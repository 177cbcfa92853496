"""Driving the sandbox from outside: what a driver does, and faults in the day's file, by signed
requests. For tests and the simulated city day; a merchant in business never needs it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from payments.errors import NotFound
from payments.provider import AccountSettings, Clock, Http
from payments.providers.sandbox_api import SandboxApi


@dataclass(frozen=True, slots=True)
class PlantedFault:
    """Where a fault stands. `kind` as in `payments.sandbox.faults`; `line` is its line reference in
    the file of `day` (None where the fault is that a line is missing, or is not in that file); a late
    line stands as `next_line` in the file of `next_day`, and so does a short credit in the bank's;
    `difference` is theirs minus ours, in dong."""

    kind: str
    day: date
    order: str | None
    line: str | None
    next_day: date | None
    next_line: str | None
    difference: int


class SandboxTest:
    """The test side of the sandbox for one merchant account (see `SandboxProvider` for settings).

    Every method raises `ProviderRefused` when the sandbox said no, `NotFound` for an unknown order
    and `ProviderUnavailable` when there is no answer.
    """

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        self._api = SandboxApi(account, http, clock)

    def act(
        self, order: str, act: str, *, at: datetime | None = None, amount: int | None = None
    ) -> Sequence[str]:
        """Do `act` (pay, decline, pay_late, pay_less, pay_more, pay_twice) on the order with that
        payment code; the transaction references of everything it has received, oldest first.

        `at` is when it happens (default: now), `amount` what is received instead of the act's own.
        """
        fields: dict[str, object] = {"order": order, "act": act}
        if at is not None:
            fields["at"] = at.isoformat()
        if amount is not None:
            fields["amount"] = amount
        return [entry["rail_ref"] for entry in self._ask("POST", "acts", fields)["movements"]]

    def plant(
        self, day: date, kind: str, *, order: str | None = None, amount: int | None = None
    ) -> PlantedFault:
        """Make the settlement file of `day` wrong, or the credit of its payout. `order` names the receipt
        for every kind but unknown_line, not_parking, short_payout and short_credit; `amount` is what the
        line shows instead of the truth, and of the last two how much is missing."""
        fields: dict[str, object] = {"day": day.isoformat(), "kind": kind}
        if order is not None:
            fields["order"] = order
        if amount is not None:
            fields["amount"] = amount
        return _planted(self._ask("POST", "faults", fields))

    def payout_so_far(self, day: date) -> int:
        """What the settlement file of `day` will pay out if nothing else happens, in dong: more than
        that cannot be missing of it."""
        amount: int = self._ask("GET", f"payouts/{day}")["amount"]
        return amount

    def faults(self, day: date) -> Sequence[PlantedFault]:
        """Every fault of `day`'s file, in the order they were planted."""
        return [_planted(entry) for entry in self._ask("GET", f"faults/{day}")["faults"]]

    def _ask(
        self, method: str, path: str, fields: dict[str, object] | None = None
    ) -> dict[str, Any]:
        answer = self._api.call(method, f"/v1/test/{path}", fields)
        if answer is None:
            raise NotFound("The sandbox knows no such order, or it received nothing that day.")
        found: dict[str, Any] = json.loads(answer.body)
        return found


def _planted(entry: dict[str, Any]) -> PlantedFault:
    return PlantedFault(
        kind=entry["kind"],
        day=date.fromisoformat(entry["day"]),
        order=entry["order"],
        line=entry["line_ref"],
        next_day=date.fromisoformat(entry["next_day"]) if entry["next_day"] else None,
        next_line=entry["next_line_ref"],
        difference=entry["difference"],
    )
