"""The least a program could do with a signed notice: Flask and psycopg, the same rows, nothing else.

It believes the amount, asks nobody whether the payment is open, and folds nothing. What our own
service takes beyond it is the price of being right in any order.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import threading
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import psycopg
from flask import Flask, Response, json, request

from payments.db import new_id

SECRET = os.environ.get("FLOOR_SECRET", "").encode()
ZONE = ZoneInfo("Asia/Ho_Chi_Minh")
local = threading.local()


def create_app() -> Flask:
    app = Flask("floor")

    @app.post("/payments/<slug>/notify")
    def notify(slug: str) -> Response:
        body, stamp = request.get_data(), request.headers["Webhook-Timestamp"]
        content = f"{request.headers['Webhook-Id']}.{stamp}.".encode() + body
        signed = "v1=" + hmac.new(SECRET, content, hashlib.sha256).hexdigest()
        if not hmac.compare_digest(signed, request.headers["Webhook-Signature"]):
            return Response(status=403)
        told, now, salt = json.loads(body), datetime.now(UTC), os.urandom(16)
        fact, notice, movement = told["movements"][0], new_id(), new_id()
        at = datetime.fromisoformat(fact["event_at"])
        day, amount, currency = at.astimezone(ZONE).date(), fact["amount"], fact["currency"]
        digest = hashlib.sha256(salt + body).hexdigest()
        db = local.__dict__.setdefault("db", None) or psycopg.connect(os.environ["FLOOR_DSN"])
        local.db = db
        with db.transaction(), db.cursor() as cursor:
            cursor.execute(
                "SELECT p.id, a.id FROM payment p JOIN merchant_account a ON a.id = p.account_id "
                "WHERE p.code = %s AND a.slug = %s FOR UPDATE OF p",
                (told["order"], slug),
            )
            payment, account = cursor.fetchone() or (None, None)
            cursor.execute(
                "INSERT INTO notice (id, account_id, key, payment_id, order_code, status, source, "
                "stale, event_at, recorded_at, digest) VALUES "
                "(%s, %s, %s, %s, %s, %s, 'webhook', false, %s, %s, %s)",
                (notice, account, told["id"], payment, told["order"], "paid", at, now, digest),
            )
            cursor.execute("INSERT INTO notice_body VALUES (%s, %s, %s)", (notice, salt, body))
            cursor.execute(
                "INSERT INTO movement (id, account_id, kind, rail_ref, occurrence, amount, "
                "currency, payment_id, notice_id, event_at, recorded_at, book_day) VALUES "
                "(%s, %s, 'receipt', %s, 1, %s, %s, %s, %s, %s, %s, %s)",
                (
                    movement,
                    account,
                    fact["rail_ref"],
                    amount,
                    currency,
                    payment,
                    notice,
                    at,
                    now,
                    day,
                ),
            )
            cursor.execute(
                "INSERT INTO transfer (id, operator, kind, debit, credit, amount, currency, "
                "movement_id, book_day, recorded_at) VALUES "
                "(%s, 'bench', 'receipt', %s, 'collected', %s, %s, %s, %s, %s)",
                (new_id(), f"clearing:{slug}", amount, currency, movement, day, now),
            )
            cursor.execute(
                "UPDATE payment SET state = 'paid', received = %s, paid_at = %s, book_day = %s, "
                "next_poll_at = NULL WHERE id = %s",
                (amount, at, day, payment),
            )
        return Response('{"received": true}', content_type="application/json")

    return app
