"""The page of a bank transfer, for the phone that pays and for one that scans it from this screen.

Everything on it comes from the database by the session's link and the payment's code, so a tab that
was discarded, a second tab and the back button all show the same. Who paid is sent on to the session.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from flask import Blueprint, Response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from parking.driver.bank_apps import bank_apps
from parking.driver.links import find
from parking.driver.session_view import SessionView, view
from parking.house import House
from parking.languages import mark
from parking.sessions.stays import stays_of
from parking.sessions.together import together_now
from parking.sessions.transfers import Stage, stage_of, transfer_of
from parking.web.formats import money, when
from parking.web.language import say
from payments.errors import NotFound
from payments.models import Payment
from payments.provider import BankTransfer
from payments.sharing import parts_of
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
        seen, payment, stage = _find(house, link, code)
        found = transfer_of(payment)
        if found is None or stage is None or _announced(seen):
            return redirect(url_for("driver.session", link=link), 303)
        return _page(house, link, seen, payment, found, stage)

    @pages.get("/s/<link>/transfer/<code>/picture.png")
    def transfer_picture(link: str, code: str) -> ResponseReturnValue:
        seen, payment, stage = _find(house, link, code)
        found = transfer_of(payment)
        if found is None or stage is not Stage.OPEN:
            return redirect(url_for("driver.transfer", link=link, code=code), 303)
        picture = transfer_png(_picture(seen, payment, found))
        return Response(picture, content_type="image/png")


def _find(house: House, link: str, code: str) -> tuple[SessionView, Payment, Stage | None]:
    """The session behind `link`, its payment `code`, and what can be made of it: None when nobody
    should transfer this any more, because it came or nothing is due.

    Raises `BrokenLink`, and `NotFound` for the code of another session: it must not tell that there
    is one.
    """
    with house.databases.read() as tx:
        seen = view(house, tx, find(house, tx, link), house.clock())
        for payment in seen.payments:
            if payment.code == code:
                return seen, payment, _stage(house, tx, payment, seen.now)
    raise NotFound(mark("There is no payment %(code)s for this vehicle."), code=code[:LONGEST_CODE])


def _announced(seen: SessionView) -> bool:
    """The money is said to be on its way: nobody is shown the code again who did not ask for it."""
    return seen.claim is not None and "again" not in request.args


def _stage(house: House, tx: Session, payment: Payment, now: datetime) -> Stage | None:
    found = together_now(tx, house.tariffs, stays_of(tx, [payment])[payment.id], now)
    if payment.state == "paid" or all(row.standing.settled for row in found.rows):
        return None
    asked = {part.reference: part.amount for part in parts_of(tx, payment.id)}
    stages = (
        stage_of(
            payment, row.offer, row.standing, now, asked.get(row.session.reference, payment.amount)
        )
        for row in found.rows
    )
    return next((stage for stage in stages if stage is not Stage.OPEN), Stage.OPEN)


def _page(
    house: House,
    link: str,
    seen: SessionView,
    payment: Payment,
    transfer: BankTransfer,
    stage: Stage,
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
        stage=stage,
        count=seen.counts[payment.id],
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
    any more, and for several vehicles, which are chosen anew."""
    if seen.counts[payment.id] > 1:
        return ""
    own = (payment.account_id, payment.method)
    return next((way.key for way in seen.ways if (way.account.id, way.method) == own), "")


def _picture(seen: SessionView, payment: Payment, transfer: BankTransfer) -> TransferPicture:
    lot, count = seen.session.lot, seen.counts[payment.id]
    vehicles = (say("Number of vehicles"), str(count)), (say("Licence plate"), seen.session.plate)
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
            vehicles[count == 1],
        ),
        valid_until=say("Valid until %(time)s", time=when(payment.expires_at).striptags()),
    )
