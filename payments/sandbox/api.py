"""The merchant API: every request signed, every answer JSON.

POST /v1/orders                  announce an order (again: the same answer)
GET  /v1/orders/<code>           what became of it
POST /v1/refunds                 return money (again: the same answer)
GET  /v1/refunds/<key>           what became of that
GET  /v1/statements/<day>        settlement file of a business day, 404 until it is out
GET  /v1/bank/<day>              bank file of a business day, 404 until it is out
POST /v1/test/acts               do what a driver does on the payment page
POST /v1/test/faults             make a day's settlement file wrong
GET  /v1/test/faults/<day>       where the faults of that day stand
GET  /v1/test/payouts/<day>      what the day's settlement file will pay out as things stand
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from flask import Blueprint, Response, g, jsonify, request
from sqlalchemy.orm import Session

from payments.sandbox import acts, body, files, orders, planting, refunds
from payments.sandbox.books import books
from payments.sandbox.models import Kind, Order
from payments.sandbox.signing import SignedRequest, verify

api = Blueprint("api", __name__, url_prefix="/v1")

MERCHANT, TIMESTAMP = "Sandbox-Merchant", "Sandbox-Timestamp"
SIGNATURE, TEST_TIME = "Sandbox-Signature", "Sandbox-Time"


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and the instant the request is judged at."""

    merchant: str
    now: datetime


@api.before_request
def _who_asks() -> None:
    sandbox = books().config
    signed = SignedRequest(
        merchant=request.headers.get(MERCHANT, ""),
        timestamp=request.headers.get(TIMESTAMP, ""),
        signature=request.headers.get(SIGNATURE, ""),
        method=request.method,
        path=request.path,
        test_time=request.headers.get(TEST_TIME, ""),
        body=request.get_data(),
    )
    now = verify(signed, sandbox.merchants, sandbox.clock())
    g.caller = Caller(signed.merchant, now)


def _caller() -> Caller:
    found: Caller = g.caller
    return found


def _fields() -> dict[str, object]:
    return body.read_object(request.get_data())


@api.post("/orders")
def create_order() -> Response:
    caller = _caller()
    with books().db.write.begin() as tx:
        order = orders.create(tx, caller.merchant, _fields(), caller.now)
        return _order(tx, order, caller.now)


@api.get("/orders/<code>")
def show_order(code: str) -> Response:
    caller = _caller()
    with books().db.read.begin() as tx:
        return _order(tx, orders.find(tx, caller.merchant, code), caller.now)


def _order(tx: Session, order: Order, now: datetime) -> Response:
    receipts = orders.motions(tx, order, Kind.PAYMENT)
    return jsonify(orders.view(order, receipts, books().config.base_url, now))


@api.post("/refunds")
def create_refund() -> Response:
    caller = _caller()
    with books().db.write.begin() as tx:
        refund = refunds.create(tx, books().config, caller.merchant, _fields(), caller.now)
        return jsonify(refunds.view(tx, refund))


@api.get("/refunds/<key>")
def show_refund(key: str) -> Response:
    caller = _caller()
    with books().db.read.begin() as tx:
        return jsonify(refunds.view(tx, refunds.find_refund(tx, caller.merchant, key)))


@api.get("/statements/<day>")
def settlement(day: str) -> Response:
    caller = _caller()
    with books().db.write.begin() as tx:
        content = files.settlement_file(tx, caller.merchant, body.read_day(day), caller.now)
    return Response(content, mimetype="text/csv")


@api.get("/bank/<day>")
def bank(day: str) -> Response:
    caller = _caller()
    with books().db.write.begin() as tx:
        content = files.bank_file(tx, caller.merchant, body.read_day(day), caller.now)
    return Response(content, mimetype="text/csv")


@api.post("/test/acts")
def act() -> Response:
    caller, fields = _caller(), _fields()
    done = body.read_choice(fields, "act", acts.Act)
    at = body.read_time(fields, "at") if "at" in fields else None
    amount = body.read_amount(fields, "amount") if "amount" in fields else None
    with books().db.write.begin() as tx:
        order = orders.find(tx, caller.merchant, body.read_name(fields, "order"))
        receipts = acts.perform(tx, books().config, order, done, caller.now, at, amount)
        return jsonify({"movements": [orders.motion_view(receipt) for receipt in receipts]})


@api.post("/test/faults")
def plant_fault() -> Response:
    fields = _fields()
    with books().db.write.begin() as tx:
        return jsonify(planting.plant(tx, books().config, _caller().merchant, fields))


@api.get("/test/payouts/<day>")
def show_payout(day: str) -> Response:
    with books().db.read.begin() as tx:
        amount = files.payout_so_far(tx, _caller().merchant, body.read_day(day))
    return jsonify({"amount": amount})


@api.get("/test/faults/<day>")
def show_faults(day: str) -> Response:
    with books().db.read.begin() as tx:
        found = planting.planted(tx, _caller().merchant, body.read_day(day))
    return jsonify({"faults": found})
