"""Handing in a file: look at it, confirm it, watch it being recorded, see what came of it."""

from __future__ import annotations

import uuid

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from parking.finance.mapping_words import MEANS
from parking.finance.uploads import (
    LARGEST_FILE,
    SHOWN,
    file_accounts,
    go_on,
    handed,
    is_long,
    kinds_of_files,
    newest,
    own,
)
from parking.house import House
from parking.languages import explain, mark
from parking.people.guard import the_badge
from parking.reports.upload_words import (
    BANK_FATES,
    CHECKED,
    KINDS,
    STEPS,
    UPLOAD_STATES,
    tallied,
    tells_of_payouts,
)
from parking.web.language import reader_language
from payments.accounts import account_by_slug
from payments.errors import Complaint, Conflict, NotFound, WrongUsage
from payments.provider import InvalidStatement
from reconciliation.statements import LARGEST
from reconciliation.uploads.recorders import body_of
from reconciliation.uploads.recording import KNOWN
from reconciliation.uploads.service import confirm, offer

MIB = 1024 * 1024


def add(pages: Blueprint, house: House) -> None:
    """Put the list, the form and the page of a statement into `pages`."""

    # the first hook there is: the others read the form, and would refuse a file as too large
    @pages.url_value_preprocessor
    def allow_a_file(endpoint: str | None, _values: object) -> None:
        if endpoint == "finance.hand_in":
            request.max_content_length = LARGEST_FILE

    @pages.get("/statements")
    def statements() -> ResponseReturnValue:
        return _list(house)

    @pages.post("/statements")
    def hand_in() -> ResponseReturnValue:
        return _hand_in(house)

    @pages.get("/statements/<uuid:upload_id>")
    def statement(upload_id: uuid.UUID) -> ResponseReturnValue:
        return _page(house, upload_id)

    @pages.get("/statements/<uuid:upload_id>/file")
    def original(upload_id: uuid.UUID) -> ResponseReturnValue:
        return _original(house, upload_id)

    @pages.post("/statements/<uuid:upload_id>")
    def take_in(upload_id: uuid.UUID) -> ResponseReturnValue:
        return _take_in(house, upload_id)


def _list(house: House, problem: Complaint | None = None) -> ResponseReturnValue:
    operator = the_badge().operator
    with house.databases.read() as tx:
        accounts, uploads = file_accounts(tx, operator), newest(tx, operator)
    page = render_template(
        "finance/statements.html",
        accounts=accounts,
        uploads=uploads,
        kinds={account.slug: kinds_of_files(account) for account in accounts},
        means=MEANS,
        states=UPLOAD_STATES,
        largest=(LARGEST_FILE // MIB, LARGEST // MIB),
        chosen=request.form.get("account", ""),
        may_hand_in=the_badge().role == "finance",
        problem=explain(problem, reader_language()) if problem else "",
    )
    return page, problem.http_status if problem else 200


def _hand_in(house: House) -> ResponseReturnValue:
    badge, file = the_badge(), request.files.get("file")
    try:
        with house.databases.read() as tx:
            account = account_by_slug(tx, request.form.get("account", ""))
        if badge.operator not in (None, account.operator):
            raise NotFound("There is no merchant account %(slug)s.", slug=account.slug)
        if file is None or not file.filename:
            raise WrongUsage(mark("Please choose the file that the bank or the company gave you."))
        name, raw, means = file.filename[-100:], file.stream.read(), request.form.get("means", "")
        if not kinds_of_files(account):
            raise WrongUsage(
                mark("%(account)s is a till: there is no file to hand in for it."),
                account=account.slug,
            )
        upload = offer(house.databases.write, account, name, raw, badge.actor, house.clock(), means)
    except (InvalidStatement, WrongUsage, NotFound) as problem:
        return _list(house, problem)
    again = 1 if upload.state != "offered" else None
    return redirect(url_for("finance.statement", upload_id=upload.id, again=again), 303)


def _page(
    house: House, upload_id: uuid.UUID, problem: str = "", status: int = 200
) -> ResponseReturnValue:
    badge = the_badge()
    with house.databases.read() as tx:
        found = handed(tx, upload_id, badge.operator, house.clock())
    page = render_template(
        "finance/statement.html",
        upload=found.upload,
        account=found.account,
        preview=found.preview,
        settlement=found.settlement,
        checked=CHECKED,
        kinds=KINDS,
        line_kinds=KINDS,
        means=MEANS,
        tallied=tallied(found.upload),
        format=found.format,
        gaps=found.gaps,
        shown=SHOWN,
        fates=BANK_FATES,
        of_payouts=tells_of_payouts(found.upload),
        known=KNOWN,
        states=UPLOAD_STATES,
        steps=STEPS,
        may_confirm=badge.role == "finance",
        again="again" in request.args,
        problem=problem,
    )
    return page, status


def _take_in(house: House, upload_id: uuid.UUID) -> ResponseReturnValue:
    badge = the_badge()
    with house.databases.read() as tx:
        upload = own(tx, upload_id, badge.operator).upload
    try:
        confirm(
            house.databases.write, upload_id, badge.actor, house.clock(),
            despite_gap="despite_gap" in request.form,
        )  # fmt: skip
    except Conflict as problem:
        return _page(house, upload_id, explain(problem, reader_language()), problem.http_status)
    # a long file first shows the page that says what is being done
    if upload.state != "offered" or not is_long(upload):
        go_on(house, upload_id)
    return redirect(url_for("finance.statement", upload_id=upload_id), 303)


def _original(house: House, upload_id: uuid.UUID) -> ResponseReturnValue:
    """The very bytes that were handed in; nothing that a browser would show or run."""
    with house.databases.read() as tx:
        found = own(tx, upload_id, the_badge().operator)
        raw = body_of(tx, found.upload)
    answer = Response(raw, mimetype="application/octet-stream")
    answer.headers.set("Content-Disposition", "attachment", filename=found.upload.name)
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
