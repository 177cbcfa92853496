"""People who sign in: see them, add one, give a new password, take access away."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.house import House
from parking.languages import explain, mark
from parking.lots.models import Lot, Operator
from parking.lots.service import lots
from parking.people import pins, service
from parking.people.guard import the_badge
from parking.people.models import Person, PersonLot
from parking.people.roles import ROLES
from parking.web.language import reader_language, say
from payments.errors import Complaint, NotFound

#: What can be done to a person, besides a new password.
CHANGES = {"disable": service.disable, "enable": service.enable}
PASSWORD_NOTE = mark("This password is shown once and kept nowhere. Please hand it over in person.")
PIN_NOTE = mark(
    "This PIN is shown once and kept nowhere, and counts on enrolled phones only. Please hand it over"
    " in person."
)


def add(pages: Blueprint, house: House) -> None:
    """Put the pages about people into `pages`."""

    @pages.get("/")
    def people() -> ResponseReturnValue:
        with house.databases.read() as tx:
            return render_template("admin/people.html", people=_rows(tx), me=the_badge().username)

    @pages.route("/people/new", methods=["GET", "POST"])
    def new_person() -> ResponseReturnValue:
        return _add(house) if request.method == "POST" else _form(house, "")

    @pages.post("/people/<username>/reset")
    def reset(username: str) -> ResponseReturnValue:
        with house.databases.write.begin() as tx:
            password = service.reset_password(tx, username, house.clock(), the_badge().actor)
        return _password(username, password, mark("New password for %(username)s"))

    @pages.post("/people/<username>/pin")
    def reset_pin(username: str) -> ResponseReturnValue:
        with house.databases.write.begin() as tx:
            pin = pins.reset_pin(tx, username, house.clock(), the_badge().actor)
        return _password(username, pin, mark("New PIN for %(username)s"), PIN_NOTE)

    @pages.post("/people/<username>/<change>")
    def change_person(username: str, change: str) -> ResponseReturnValue:
        if change not in CHANGES:
            raise NotFound(
                "There is no such page. Please check the address or scan the sign again."
            )
        with house.databases.write.begin() as tx:
            CHANGES[change](tx, username, house.clock(), the_badge().actor)
        return redirect(url_for("admin.people"), 303)


def _rows(tx: Session) -> list[dict[str, object]]:
    numbers: dict[object, list[str]] = {}
    for person_id, number in tx.execute(
        select(PersonLot.person_id, Lot.number)
        .join(Lot, Lot.id == PersonLot.lot_id)
        .order_by(Lot.number)
    ):
        numbers.setdefault(person_id, []).append(number)
    rows = tx.execute(
        select(Person, Operator.legal_name)
        .outerjoin(Operator, Operator.id == Person.operator_id)
        .order_by(Person.disabled_at.is_not(None), Person.role, Person.username)
    )
    return [
        {
            "username": person.username,
            "name": person.name,
            "role": ROLES[person.role],
            "operator": operator or "",
            "lots": ", ".join(numbers.get(person.id, [])),
            "disabled_at": person.disabled_at,
            "pins": person.role == pins.ATTENDANT,
        }
        for person, operator in rows
    ]


def _form(house: House, problem: str, status: int = 200) -> ResponseReturnValue:
    with house.databases.read() as tx:
        operators = tx.execute(
            select(Operator.code, Operator.legal_name).order_by(Operator.legal_name)
        )
        page = render_template(
            "admin/new_person.html",
            problem=problem,
            given=request.form,
            roles=ROLES,
            operators=[("", say("All operators")), *((code, name) for code, name in operators)],
            lots=lots(tx),
            chosen=set(request.form.getlist("lot")),
        )
    return page, status


def _add(house: House) -> ResponseReturnValue:
    form = request.form
    new = service.NewPerson(
        username=form.get("username", ""),
        role=form.get("role", ""),
        name=form.get("name", ""),
        operator=form.get("operator") or None,
        lots=tuple(form.getlist("lot")),
    )
    try:
        with house.databases.write.begin() as tx:
            password = service.add_person(tx, new, house.clock(), the_badge().actor)
    except Complaint as error:
        return _form(house, explain(error, reader_language()), error.http_status)
    return _password(new.username, password, mark("%(username)s can sign in now"))


def _password(
    username: str, secret: str, title: str, note: str = PASSWORD_NOTE
) -> ResponseReturnValue:
    title = say(title, username=username.strip().casefold())
    return render_template("admin/password.html", title=title, password=secret, note=say(note))
