"""The page of a bank transfer, for the phone that pays and for one that scans it from this screen.

Everything on it comes from the database by the session's link and the payment's code, so a tab that
was discarded, a second tab and the back button all show the same. Who paid is sent on to the session.
"""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from parking.driver.bank_apps import bank_apps
from parking.driver.links import find
from parking.driver.session_view import SessionView, view
from parking.house import House
from parking.languages import mark
from parking.sessions.transfers import Stage, stage_of, transfer_of
from parking.web.formats import money, when
from parking.web.language import say
from payments.errors import NotFound
from payments.models import Payment
from payments.provider import BankTransfer
from payments.silence import silences
from qr import image
from qr.banks import banks
from qr.transfer_picture import TransferPicture, transfer_png

#: After this long, who transferred and sees nothing is told what to do.
SLOW = timedelta(minutes=2)
#: Nobody's code is longer; what is, is cut off before it is repeated on a page.
LONGEST_CODE = 20


def add(pages: Blueprint, house: House) -> None:
    """Put the page of a bank transfer, and its picture, into `pages`."""

    @pages.get("/s/<link>/transfer/<code>")
    def transfer(link: str, code: str) -> ResponseReturnValue:
        seen, payment = _find(house, link, code)
        found = transfer_of(payment)
        if found is None or _settled(seen, payment) or _announced(seen):
            return redirect(url_for("driver.session", link=link), 303)
        return _page(house, link, seen, payment, found)

    @pages.get("/s/<link>/transfer/<code>/picture.png")
    def transfer_picture(link: str, code: str) -> ResponseReturnValue:
        seen, payment = _find(house, link, code)
        found = transfer_of(payment)
        if found is None or _settled(seen, payment) or _stage(seen, payment) is not Stage.OPEN:
            return redirect(url_for("driver.transfer", link=link, code=code), 303)
        picture = transfer_png(_picture(seen, payment, found))
        return Response(picture, content_type="image/png")


def _find(house: House, link: str, code: str) -> tuple[SessionView, Payment]:
    """The session behind `link` and its payment `code`. Raises `BrokenLink`, and `NotFound` for the
    code of another session: it must not tell that there is one."""
    with house.databases.read() as tx:
        seen = view(house, tx, find(house, tx, link), house.clock())
    for payment in seen.payments:
        if payment.code == code:
            return seen, payment
    raise NotFound(mark("There is no payment %(code)s for this vehicle."), code=code[:LONGEST_CODE])


def _settled(seen: SessionView, payment: Payment) -> bool:
    """Nobody should transfer this: it came, or nothing is due any more."""
    return payment.state == "paid" or seen.shown.standing.settled


def _announced(seen: SessionView) -> bool:
    """The money is said to be on its way: nobody is shown the code again who did not ask for it."""
    return seen.claim is not None and "again" not in request.args


def _stage(seen: SessionView, payment: Payment) -> Stage:
    return stage_of(payment, seen.offer, seen.shown.standing, seen.now)


def _page(
    house: House, link: str, seen: SessionView, payment: Payment, transfer: BankTransfer
) -> str:
    label = say("QR code of the bank transfer %(code)s", code=payment.code)
    slow_in = payment.created_at + SLOW - seen.now
    with house.databases.read() as tx:
        late = silences(tx, house.gateways, [payment.account], seen.now)
    return render_template(
        "driver/transfer.html",
        seen=seen,
        session=seen.session,
        lot=seen.session.lot,
        payment=payment,
        transfer=transfer,
        bank=bank_name(transfer),
        code=Markup(image.svg(transfer.payload, label=label)),
        apps=bank_apps(transfer, payment.amount, house.config.public_url),
        stage=_stage(seen, payment),
        again=_way_again(seen, payment),
        late=bool(late),
        given={},
        link=link,
        slow_in=max(0, int(slow_in.total_seconds())),
        over_in=int((payment.expires_at - seen.now).total_seconds()) + 1,
    )


def bank_name(transfer: BankTransfer) -> str:
    """What people call the payee's bank; its number where it is in no list of ours."""
    known = banks().get(transfer.bank)
    return known.short_name if known else say("Bank number %(bin)s", bin=transfer.bank)


def _way_again(seen: SessionView, payment: Payment) -> str:
    """What a form sends to be given a fresh code of the same kind; empty when that is not offered
    any more."""
    own = (payment.account_id, payment.method)
    return next((way.key for way in seen.ways if (way.account.id, way.method) == own), "")


def _picture(seen: SessionView, payment: Payment, transfer: BankTransfer) -> TransferPicture:
    lot = seen.session.lot
    return TransferPicture(
        payload=transfer.payload,
        heading=say("Bank transfer for parking"),
        call=say("In your bank’s app: scan QR, then choose this picture"),
        amount=money(payment.amount, payment.currency),
        transfer=(
            (say("Payee"), transfer.holder),
            (say("Bank"), bank_name(transfer)),
            (say("Account number"), transfer.account),
            (say("Content"), transfer.purpose),
        ),
        purpose=(
            (say("Lot"), f"{lot.number} · {lot.name}"),
            (say("Licence plate"), seen.session.plate),
        ),
        valid_until=say("Valid until %(time)s", time=when(payment.expires_at).striptags()),
    )
