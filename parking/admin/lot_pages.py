"""Lots: the signs that hang there (open the link, download the picture, replace one), and the accounts
they offer to drivers."""

from __future__ import annotations

from collections.abc import Mapping

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.admin.rule_pages import collection_rules
from parking.house import House
from parking.languages import mark
from parking.lots import offers, service
from parking.lots.models import Lot, Sign
from parking.people.guard import the_badge
from payments.accounts import live_accounts
from payments.db import business_day
from payments.errors import WrongUsage
from payments.models import MerchantAccount
from payments.provider import CASH
from qr.sign import sign_png, sign_svg

#: Before the name of an account in the form that orders a lot's accounts.
PLACE = "place-"


def add(pages: Blueprint, house: House) -> None:
    """Put the pages about lots into `pages`."""

    @pages.get("/lots")
    def lots() -> ResponseReturnValue:
        with house.databases.read() as tx:
            return render_template("admin/lots.html", lots=service.lots(tx))

    @pages.get("/lots/<number>")
    def lot(number: str) -> ResponseReturnValue:
        return _lot(house, number)

    @pages.get("/lots/<number>/sign-<int(max=9999):version>.<any(png, svg):kind>")
    def picture(number: str, version: int, kind: str) -> ResponseReturnValue:
        return _picture(house, number, version, kind)

    @pages.post("/lots/<number>/signs")
    def issue_sign(number: str) -> ResponseReturnValue:
        with house.databases.write.begin() as tx:
            found = service.lot_by_number(tx, number)
            service.issue_sign(tx, found, the_badge().actor, house.clock())
        return redirect(url_for("admin.lot", number=number), 303)

    @pages.post("/lots/<number>/signs/<int(max=9999):version>/retire")
    def retire_sign(number: str, version: int) -> ResponseReturnValue:
        with house.databases.write.begin() as tx:
            found = service.lot_by_number(tx, number)
            service.retire_sign(tx, found, version, the_badge().actor, house.clock())
        return redirect(url_for("admin.lot", number=number), 303)

    @pages.post("/lots/<number>/accounts")
    def choose_accounts(number: str) -> ResponseReturnValue:
        with house.databases.write.begin() as tx:
            found = service.lot_by_number(tx, number)
            chosen = _in_order(request.form)
            offers.choose(tx, house.gateways, found, chosen, the_badge().actor, house.clock())
        return redirect(url_for("admin.lot", number=number), 303)


def _in_order(form: Mapping[str, str]) -> list[str]:
    """The accounts that were given a place, by it. Raises `WrongUsage`."""
    places: dict[str, int] = {}
    for name, place in form.items():
        if name.startswith(PLACE) and place.strip():
            if not (place.strip().isascii() and place.strip().isdigit()):
                raise WrongUsage(
                    mark("The place %(place)s is not a number such as 1, 2 or 3."), place=place
                )
            places[name.removeprefix(PLACE)] = int(place)
    return sorted(places, key=lambda slug: places[slug])


def _link(house: House, lot: Lot, sign: Sign) -> str:
    return service.link_of(house.keys, house.config.public_url, lot, sign)


def _lot(house: House, number: str) -> ResponseReturnValue:
    with house.databases.read() as tx:
        lot = service.lot_by_number(tx, number)
        signs = tx.scalars(
            select(Sign).where(Sign.lot_id == lot.id).order_by(Sign.version.desc())
        ).all()
        rows = [(sign, _link(house, lot, sign)) for sign in signs]
        return render_template(
            "admin/lot.html",
            lot=lot,
            signs=rows,
            ways=_ways(house, tx, lot),
            place=PLACE,
            rules=collection_rules(house.tariffs, lot, business_day(house.clock())),
        )


def _ways(house: House, tx: Session, lot: Lot) -> list[tuple[MerchantAccount, str, list[str]]]:
    """Every account of the lot's operator but the tills of attendants: its place here, empty when it
    has none, and the labels drivers would see. Those with a place first."""
    chosen = [account.id for account in offers.chosen_accounts(tx, lot)]
    rows = [
        (
            account,
            str(chosen.index(account.id) + 1) if account.id in chosen else "",
            [way.label for way in offers.ways_of(house.gateways, account)],
        )
        for account in live_accounts(tx, lot.operator.code)
        if account.provider != CASH
    ]
    return sorted(rows, key=lambda row: (row[1] == "", int(row[1] or 0)))


def _picture(house: House, number: str, version: int, kind: str) -> Response:
    with house.databases.read() as tx:
        lot = service.lot_by_number(tx, number)
        sign = service.sign_version(tx, lot, version)
        texts = service.printed_sign(house.keys, house.config.public_url, lot, sign)
    if kind == "png":
        response = Response(sign_png(texts), content_type="image/png")
    else:
        response = Response(sign_svg(texts), content_type="image/svg+xml")
    name = f"sign-{lot.number}-{version}.{kind}"
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response
