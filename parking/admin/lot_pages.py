"""Lots and the signs that hang there: open the link, download the picture, replace a sign."""

from __future__ import annotations

from flask import Blueprint, Response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select

from parking.house import House
from parking.lots import service
from parking.lots.models import Lot, Sign
from parking.people.guard import the_badge
from qr.sign import sign_png, sign_svg


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


def _link(house: House, lot: Lot, sign: Sign) -> str:
    return service.link_of(house.keys, house.config.public_url, lot, sign)


def _lot(house: House, number: str) -> ResponseReturnValue:
    with house.databases.read() as tx:
        lot = service.lot_by_number(tx, number)
        signs = tx.scalars(
            select(Sign).where(Sign.lot_id == lot.id).order_by(Sign.version.desc())
        ).all()
        rows = [(sign, _link(house, lot, sign)) for sign in signs]
        return render_template("admin/lot.html", lot=lot, signs=rows)


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
