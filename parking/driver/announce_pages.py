"""“I have transferred”: the driver says so while the bank is slow, and may take it back."""

from __future__ import annotations

from flask import Blueprint, redirect, request, url_for
from flask.typing import ResponseReturnValue

from parking.driver import pace
from parking.driver.links import find
from parking.driver.session_pages import show
from parking.house import House
from parking.languages import explain
from parking.sessions import claims
from parking.sessions.service import DRIVER
from parking.web.language import reader_language
from payments.errors import Conflict, WrongUsage


def add(pages: Blueprint, house: House) -> None:
    """Put both buttons' answers into `pages`."""

    @pages.post("/s/<link>/transferred")
    def announce_transfer(link: str) -> ResponseReturnValue:
        return _announce(house, link)

    @pages.post("/s/<link>/not-transferred")
    def withdraw_transfer(link: str) -> ResponseReturnValue:
        return _withdraw(house, link)


def _announce(house: House, link: str) -> ResponseReturnValue:
    now = house.clock()
    with house.databases.read() as tx:
        session = find(house, tx, link)
    with house.databases.write.begin() as tx:
        pace.count(tx, "transferred", request.remote_addr or "", now)
    try:
        with house.databases.write.begin() as tx:
            reference = request.form.get("reference", "")
            claims.claim(tx, house.tariffs, session.id, DRIVER, reference, now)
    except WrongUsage as error:
        return show(house, session, link, explain(error, reader_language()), error.http_status)
    except Conflict:
        return _back(link)  # nothing is due any more: the page says so
    return _back(link)


def _withdraw(house: House, link: str) -> ResponseReturnValue:
    with house.databases.read() as tx:
        session = find(house, tx, link)
    try:
        with house.databases.write.begin() as tx:
            claims.withdraw(tx, session.id, DRIVER, house.clock())
    except Conflict as error:
        return show(house, session, link, explain(error, reader_language()), error.http_status)
    return _back(link)


def _back(link: str) -> ResponseReturnValue:
    return redirect(url_for("driver.session", link=link), 303)
