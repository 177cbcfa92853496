"""Merchant accounts: see them, add one, change its secret and its bounds, retire it.

A secret goes in and never comes out again: no page repeats one, not even after a mistake.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.admin import account_form
from parking.house import House
from parking.languages import explain
from parking.lots.models import Operator
from parking.lots.offers import ways_of
from parking.lots.service import operator_by_code
from parking.people.guard import the_badge
from parking.web.language import reader_language
from payments import merchants
from payments.accounts import every_account, known_account
from payments.errors import Complaint
from payments.models import MerchantAccount
from payments.web import notify_address


def add(pages: Blueprint, house: House) -> None:
    """Put the pages about merchant accounts into `pages`."""

    @pages.get("/accounts")
    def accounts() -> ResponseReturnValue:
        with house.databases.read() as tx:
            return render_template("admin/accounts.html", accounts=every_account(tx))

    @pages.route("/accounts/new", methods=["GET", "POST"])
    def new_account() -> ResponseReturnValue:
        return _add(house) if request.method == "POST" else _new(house)

    @pages.get("/accounts/<slug>")
    def account(slug: str) -> ResponseReturnValue:
        return _page(house, slug)

    @pages.post("/accounts/<slug>/rotate")
    def rotate_account(slug: str) -> ResponseReturnValue:
        return _change(house, slug, _rotate)

    @pages.post("/accounts/<slug>/finish")
    def finish_rotation(slug: str) -> ResponseReturnValue:
        return _change(house, slug, _finish)

    @pages.post("/accounts/<slug>/bounds")
    def bound_account(slug: str) -> ResponseReturnValue:
        return _change(house, slug, _bound)

    @pages.post("/accounts/<slug>/retire")
    def retire_account(slug: str) -> ResponseReturnValue:
        return _change(house, slug, _retire)


Act = Callable[[House, Session, MerchantAccount, Mapping[str, str]], object]


def _rotate(house: House, tx: Session, account: MerchantAccount, form: Mapping[str, str]) -> object:
    secret = account_form.parts(form, account_form.SECRET)
    actor, now = the_badge().actor, house.clock()
    return merchants.rotate(tx, house.gateways, account.slug, secret, actor, now)


def _finish(house: House, tx: Session, account: MerchantAccount, _: Mapping[str, str]) -> object:
    return merchants.finish(tx, account.slug, the_badge().actor, house.clock())


def _bound(house: House, tx: Session, account: MerchantAccount, form: Mapping[str, str]) -> object:
    wanted = account_form.bounds(form, account.currency)
    actor, now = the_badge().actor, house.clock()
    return merchants.change_bounds(tx, house.gateways, account.slug, wanted, actor, now)


def _retire(house: House, tx: Session, account: MerchantAccount, _: Mapping[str, str]) -> object:
    return merchants.retire(tx, account.slug, the_badge().actor, house.clock())


def _change(house: House, slug: str, act: Act) -> ResponseReturnValue:
    try:
        with house.databases.write.begin() as tx:
            act(house, tx, known_account(tx, slug), request.form)
    except Complaint as error:
        if error.http_status == 404:
            raise
        return _page(house, slug, explain(error, reader_language())), error.http_status
    return redirect(url_for("admin.account", slug=slug), 303)


def _page(house: House, slug: str, problem: str = "") -> str:
    with house.databases.read() as tx:
        account = known_account(tx, slug)
    rail = house.gateways.registry.get(account.provider)
    bounds = account_form.shown(account)
    return render_template(
        "admin/account.html",
        account=account,
        bounds={name: request.form.get(name, value) for name, value in bounds.items()},
        secret_fields=merchants.required_parts(rail, account.settings) if rail else (),
        secret_prefix=account_form.SECRET,
        methods=[way.label for way in ways_of(house.gateways, account)],
        notify=notify_address(house.config.public_url, slug),
        problem=problem,
    )


def _new(house: House, problem: str = "") -> str:
    """The form: first the provider is chosen, then what that one needs is asked for. A till is not
    among them: it is opened with the first shift of its attendant."""
    name = request.values.get("provider", "")
    with house.databases.read() as tx:
        operators = tx.execute(
            select(Operator.code, Operator.legal_name).order_by(Operator.legal_name)
        ).all()
    return render_template(
        "admin/new_account.html",
        rails=sorted(
            (rail.name, rail.label) for rail in house.gateways.registry.values() if rail.methods
        ),
        rail=house.gateways.rail(name) if name else None,
        operators=[(code, label) for code, label in operators],
        mode=house.gateways.mode,
        form=account_form,
        given=request.form,
        problem=problem,
    )


def _add(house: House) -> ResponseReturnValue:
    try:
        new = account_form.filled_in(request.form, house.gateways.mode)
        with house.databases.write.begin() as tx:
            operator_by_code(tx, new.operator)
            merchants.add(tx, house.gateways, new, the_badge().actor, house.clock())
    except Complaint as error:
        return _new(house, explain(error, reader_language())), error.http_status
    return redirect(url_for("admin.account", slug=new.slug), 303)
