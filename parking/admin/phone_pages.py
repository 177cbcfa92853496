"""Phones at the kerb: enrol one by a link that is shown once, see when each was used, revoke one."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from datetime import datetime, timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy import select

from parking.house import House
from parking.languages import explain
from parking.lots.models import Operator
from parking.people import phones as service
from parking.people import throttle
from parking.people.guard import the_badge
from parking.people.models import Phone
from parking.people.phones import Enrolment
from parking.web.language import reader_language, say
from payments.errors import Complaint
from qr.image import svg


def add(pages: Blueprint, house: House) -> None:
    """Put the pages about phones into `pages`."""

    @pages.get("/phones")
    def phones() -> ResponseReturnValue:
        return _list(house)

    @pages.post("/phones")
    def enrol_phone() -> ResponseReturnValue:
        return _enrol(house)

    @pages.post("/phones/<uuid:phone_id>/revoke")
    def revoke_phone(phone_id: uuid.UUID) -> ResponseReturnValue:
        with house.databases.write.begin() as tx:
            service.revoke(tx, phone_id, the_badge().actor, house.clock())
        return redirect(url_for("admin.phones", operator=request.args.get("operator")), 303)


def state_of(phone: Phone, locked: Collection[str], now: datetime) -> str:
    """revoked, locked, enrolled, waiting (for its link to be opened) or late (the link is too old)."""
    if phone.revoked_at is not None:
        return "revoked"
    if phone.enrolled_at is not None:
        return "locked" if throttle.place_of(phone.id) in locked else "enrolled"
    return "waiting" if now < phone.link_until else "late"


def _list(house: House, problem: str = "", status: int = 200) -> ResponseReturnValue:
    chosen = request.values.get("operator", "")
    with house.databases.read() as tx:
        locked, now = throttle.locked_places(tx), house.clock()
        rows = [
            (phone, owner, state_of(phone, locked, now))
            for phone, owner in service.phones(tx, chosen)
        ]
        operators = tx.execute(
            select(Operator.code, Operator.legal_name).order_by(Operator.legal_name)
        )
        names = [(code, name) for code, name in operators]
    page = render_template(
        "admin/phones.html",
        rows=rows,
        operators=names,
        chosen=chosen,
        hours=house.config.phone_link_hours,
        problem=problem,
        given=request.form,
    )
    return page, status


def _enrol(house: House) -> ResponseReturnValue:
    form = request.form
    lasts = timedelta(hours=house.config.phone_link_hours)
    wish = Enrolment(form.get("operator", ""), form.get("name", ""), lasts)
    try:
        with house.databases.write.begin() as tx:
            phone, token = service.enrol(tx, wish, the_badge().actor, house.clock())
    except Complaint as error:
        return _list(house, explain(error, reader_language()), error.http_status)
    link = service.link_of(house.config.public_url, token)
    # the code stands in the page itself: a picture of its own would need an address that holds the link
    code = Markup(svg(link, label=say("Link that enrols %(name)s", name=phone.name)))
    return render_template("admin/phone_link.html", phone=phone, link=link, code=code)
