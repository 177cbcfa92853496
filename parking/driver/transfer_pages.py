"""The page of a bank transfer, for the phone that pays and for one that scans it from this screen.

Everything on it comes from the database by the link of a session or a pass and the payment's code, so
a tab that was discarded, a second tab and the back button all show the same. Who paid is sent on to
the page of what was paid.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from flask import Blueprint, Response, redirect, render_template, request
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from parking.driver.bank_apps import bank_apps
from parking.driver.links import find
from parking.driver.owed import Owed, Places, of_session
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
#: What can be made of a payment's transfer; None when nobody should make it any more.
Judge = Callable[[Payment], Stage | None]
#: Nobody's code is longer; what is, is cut off before it is repeated on a page.
LONGEST_CODE = 20


def add(pages: Blueprint, house: House) -> None:
    """Put the page of a bank transfer, and its picture, into `pages`."""

    @pages.get("/s/<link>/transfer/<code>")
    def transfer(link: str, code: str) -> ResponseReturnValue:
        seen = _view(house, link)
        return show(house, seen, of_session(link), code, _judge(house, seen))

    @pages.get("/s/<link>/transfer/<code>/picture.png")
    def transfer_picture(link: str, code: str) -> ResponseReturnValue:
        seen = _view(house, link)
        return show_picture(seen, of_session(link), code, _judge(house, seen))


def _view(house: House, link: str) -> SessionView:
    """The session behind `link`. Raises `BrokenLink`."""
    with house.databases.read() as tx:
        return view(house, tx, find(house, tx, link), house.clock())


def _judge(house: House, seen: SessionView) -> Judge:
    """Of several vehicles paid together, the first whose part is not as it was decides."""

    def stage(payment: Payment) -> Stage | None:
        with house.databases.read() as tx:
            return _stage(house, tx, payment, seen.now)

    return stage


def _stage(house: House, tx: Session, payment: Payment, now: datetime) -> Stage | None:
    found = together_now(tx, house.tariffs, stays_of(tx, [payment])[payment.id], now)
    if payment.state == "paid" or all(row.standing.settled for row in found.rows):
        return None
    asked = {part.reference: part.amount for part in parts_of(tx, payment.id)}
    stages = (
        stage_of(
            payment,
            row.offer.amount if row.offer else None,
            row.standing.due,
            now,
            asked.get(row.session.reference, payment.amount),
        )
        for row in found.rows
    )
    return next((stage for stage in stages if stage is not Stage.OPEN), Stage.OPEN)


def show(
    house: House, seen: Owed, places: Places, code: str, judge: Judge | None = None
) -> ResponseReturnValue:
    """The page of the transfer `code` for what is `seen`; who paid is sent on to its page. `judge`
    says what can be made of a payment where `seen` alone does not know. Raises `NotFound` for a code
    of anything else."""
    payment = _payment(seen, code)
    found, stage = transfer_of(payment), (judge or seen.stage)(payment)
    if found is None or stage is None or _announced(seen):
        return redirect(places.at("home"), 303)
    return _page(house, seen, places, payment, found, stage)


def show_picture(
    seen: Owed, places: Places, code: str, judge: Judge | None = None
) -> ResponseReturnValue:
    """The picture of it, to be saved; the page where there is nothing to transfer."""
    payment = _payment(seen, code)
    found = transfer_of(payment)
    if found is None or (judge or seen.stage)(payment) is not Stage.OPEN:
        return redirect(places.at("transfer", code=code), 303)
    return Response(transfer_png(_picture(seen, payment, found)), content_type="image/png")


def _payment(seen: Owed, code: str) -> Payment:
    """Raises `NotFound` for the code of another session or pass: it must not tell that there is one."""
    for payment in seen.payments:
        if payment.code == code:
            return payment
    raise NotFound(mark("There is no payment %(code)s for this vehicle."), code=code[:LONGEST_CODE])


def _announced(seen: Owed) -> bool:
    """The money is said to be on its way: nobody is shown the code again who did not ask for it."""
    return seen.claim is not None and "again" not in request.args


def _page(
    house: House,
    seen: Owed,
    places: Places,
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
        lot=seen.lot,
        places=places,
        payment=payment,
        transfer=transfer,
        bank=bank_name(transfer),
        code=Markup(image.svg(transfer.payload, label=label)),
        apps=bank_apps(transfer, payment.amount, house.config.public_url),
        stage=stage,
        count=seen.count(payment),
        again=_way_again(seen, payment),
        late=bool(late),
        given={},
        link=places.link,
        slow_in=max(0, int(slow_in.total_seconds())),
        over_in=int((payment.expires_at - seen.now).total_seconds()) + 1,
    )


def bank_name(transfer: BankTransfer) -> str:
    """What people call the payee's bank; its number where it is in no list of ours."""
    known = banks().get(transfer.bank)
    return known.short_name if known else say("Bank number %(bin)s", bin=transfer.bank)


def _way_again(seen: Owed, payment: Payment) -> str:
    """What a form sends to be given a fresh code of the same kind; empty when that is not offered
    any more, and for several vehicles, which are chosen anew."""
    if seen.count(payment) > 1:
        return ""
    own = (payment.account_id, payment.method)
    return next((way.key for way in seen.ways if (way.account.id, way.method) == own), "")


def _picture(seen: Owed, payment: Payment, transfer: BankTransfer) -> TransferPicture:
    lot, count = seen.lot, seen.count(payment)
    vehicles = (say("Number of vehicles"), str(count)), (say("Licence plate"), seen.plate)
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
