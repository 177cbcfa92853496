"""Making a payout list and taking it to the bank. Who downloads one sees accounts: it is written down."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, redirect, url_for
from flask.typing import ResponseReturnValue

from parking.finance.payout_lists import as_csv, own_account, own_list
from parking.finance.refund_pages import show_refunds
from parking.house import House
from parking.languages import explain
from parking.people.guard import the_badge
from parking.web.language import reader_language
from payments import audit
from payments.errors import Conflict
from payments.payouts import make_list, name_of, still_to_pay


def add(pages: Blueprint, house: House) -> None:
    """Put the payout lists into `pages`."""

    @pages.post("/payouts/of/<uuid:account_id>")
    def make_payout_list(account_id: uuid.UUID) -> ResponseReturnValue:
        return _make(house, account_id)

    @pages.post("/payouts/<uuid:list_id>.csv")
    def payout_file(list_id: uuid.UUID) -> ResponseReturnValue:
        return _file(house, list_id)


def _make(house: House, account_id: uuid.UUID) -> ResponseReturnValue:
    badge = the_badge()
    try:
        with house.databases.write.begin() as tx:
            account = own_account(tx, account_id, badge.operator)
            make_list(tx, account.id, badge.actor, house.clock())
    except Conflict as error:
        return show_refunds(house, explain(error, reader_language()), error.http_status)
    return redirect(url_for("finance.refunds") + "#payouts", 303)


def _file(house: House, list_id: uuid.UUID) -> Response:
    badge = the_badge()
    with house.databases.write.begin() as tx:
        made, account = own_list(tx, list_id, badge.operator)
        rows = still_to_pay(tx, house.gateways.vault, made)
        name, detail = name_of(account, made), {"rows": len(rows)}
        audit.append(tx, badge.actor, "payout_list.download", name, {**detail}, house.clock())
    response = Response(as_csv(rows), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    response.headers["Cache-Control"] = "no-store"
    return response
