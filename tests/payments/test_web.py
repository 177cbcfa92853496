"""The door providers knock on, over real HTTP: nothing forged gets in, nothing true is lost."""

from __future__ import annotations

import http.client
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

import pytest
from cryptography.fernet import Fernet
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError
from werkzeug.serving import make_server

from payments.accounts import Gateways
from payments.db import Databases, connect
from payments.errors import Complaint, NotFound
from payments.models import MerchantAccount, Movement, Notice, NoticeBody, Transfer
from payments.web import LARGEST_NOTICE, Accounts, blueprint, notify_path
from tests.payments.kit import PRICE, House, at_once, everything_said, make_house, paid_notice
from tests.payments.word_of_mouth import SECRET, notice_json, sign

PATH = notify_path("an-binh")


def make_app(databases: Databases, gateways: Gateways) -> Flask:
    """The door alone, with the two translations of errors the whole application makes as well."""
    app = Flask(__name__)
    app.register_blueprint(blueprint(databases, gateways, remember=0))
    app.register_error_handler(Complaint, lambda error: (str(error), error.http_status))
    app.register_error_handler(OperationalError, lambda error: ("away for now", 503))
    return app


@contextmanager
def serving(app: Flask) -> Iterator[int]:
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


@dataclass
class Door:
    """Sends requests to the door and reads the answers."""

    port: int

    def knock(
        self,
        body: bytes = b"",
        *,
        path: str = PATH,
        method: str = "POST",
        secret: str = SECRET,
        signed: bytes | None = None,
    ) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        word = sign(body if signed is None else signed, secret)
        connection.request(method, path, body, {"Word-Signature": word})
        answer = connection.getresponse()
        text = answer.read().decode()
        connection.close()
        return answer.status, text


@pytest.fixture
def door(house: House) -> Iterator[Door]:
    with serving(make_app(house.databases, house.gateways)) as port:
        yield Door(port)


def nothing_was_stored(house: House) -> bool:
    with house.databases.read() as tx:
        return everything_said(tx) == 0


def test_a_genuine_notice_is_recorded_and_answered_in_the_providers_words(
    house: House, door: Door
) -> None:
    payment = house.start()
    body = notice_json(paid_notice(payment.code, house.now))
    assert door.knock(body) == (200, "applied")
    assert door.knock(body) == (200, "repeated")
    after = house.payment(payment.id)
    assert (after.state, after.received) == ("paid", PRICE)
    with house.databases.read() as tx:
        assert tx.scalars(select(NoticeBody.body)).all() == [body]
        assert sorted(tx.scalars(select(Notice.source))) == ["ours", "webhook"]


def test_fifty_equal_posts_at_once_get_fifty_good_answers_and_one_row(
    house: House, door: Door
) -> None:
    payment = house.start()
    body = notice_json(paid_notice(payment.code, house.now))
    answers = at_once([lambda: door.knock(body)] * 50)
    assert {a[0] for a in answers if isinstance(a, tuple)} == {200}
    assert sorted(str(a[1]) for a in answers if isinstance(a, tuple)) == (
        ["applied"] + ["repeated"] * 49
    )
    assert house.count(Movement) == house.count(Transfer) == 1


def test_money_for_nobody_is_kept_and_the_provider_need_not_come_back(
    house: House, door: Door
) -> None:
    body = notice_json(paid_notice("PKNOBODYKNOWS", house.now))
    assert door.knock(body) == (200, "unknown_payment")
    assert house.books() == {"clearing:an-binh": PRICE, "suspense": -PRICE}


def test_several_notices_in_one_message_are_recorded_together(house: House, door: Door) -> None:
    first, second = house.start("q1", "s1"), house.start("q2", "s2")
    body = notice_json(
        paid_notice(first.code, house.now, "R1"), paid_notice(second.code, house.now, "R2")
    )
    assert door.knock(body) == (200, "applied")
    assert {house.payment(p.id).state for p in (first, second)} == {"paid"}


def test_a_message_with_nothing_in_it_is_answered(house: House, door: Door) -> None:
    assert door.knock(notice_json()) == (200, "repeated")
    assert nothing_was_stored(house)


def test_a_notice_in_a_query_is_kept_as_it_came(house: House, door: Door) -> None:
    payment = house.start()
    query = quote(notice_json(paid_notice(payment.code, house.now))).encode()
    path = f"{PATH}?{query.decode()}"
    assert door.knock(method="GET", path=path, signed=query) == (200, "applied")
    assert house.payment(payment.id).received == PRICE
    with house.databases.read() as tx:
        assert tx.scalars(select(NoticeBody.body)).all() == [query]


@pytest.mark.parametrize("secret", ["", "shouted", SECRET.upper()])
def test_a_forged_notice_is_refused_and_leaves_nothing(
    house: House, door: Door, secret: str
) -> None:
    body = notice_json(paid_notice(None, house.now))
    assert door.knock(body, secret=secret) == (403, "invalid")
    assert nothing_was_stored(house)


def test_one_changed_byte_is_refused(house: House, door: Door) -> None:
    body = notice_json(paid_notice(None, house.now))
    for place in range(0, len(body), 7):
        altered = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        assert door.knock(altered, signed=body)[0] == 403
    assert nothing_was_stored(house)


def test_the_old_secret_is_good_during_a_rotation_and_not_after(house: House, door: Door) -> None:
    seal = house.gateways.vault.seal_parts
    body = notice_json(paid_notice(None, house.now))
    for live, status in (([SECRET], 200), (["new", SECRET], 200), (["new"], 403)):
        with house.databases.write.begin() as tx:
            account = tx.get_one(MerchantAccount, house.account.id)
            account.secrets = [seal({"secret": secret}) for secret in live]
        assert door.knock(body)[0] == status


def test_an_unknown_account_is_not_found(house: House, door: Door) -> None:
    body = notice_json(paid_notice(None, house.now))
    for path in (notify_path("nobody"), notify_path("an-binh%20"), notify_path("AN-BINH")):
        assert door.knock(body, path=path)[0] == 404
    assert nothing_was_stored(house)


def test_money_that_comes_after_its_account_was_retired_still_counts(
    house: House, door: Door
) -> None:
    payment = house.start()
    with house.databases.write.begin() as tx:
        tx.get_one(MerchantAccount, house.account.id).retired_at = house.now
    assert door.knock(notice_json(paid_notice(payment.code, house.now)))[0] == 200
    assert house.payment(payment.id).state == "paid"


def test_a_secret_that_cannot_be_read_is_our_fault_and_the_provider_comes_back(
    house: House, door: Door
) -> None:
    with house.databases.write.begin() as tx:
        account = tx.get_one(MerchantAccount, house.account.id)
        account.secrets = [Fernet(Fernet.generate_key()).encrypt(b"x").decode()]
    assert door.knock(notice_json(paid_notice(None, house.now)))[0] == 500


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH"])
def test_other_methods_are_refused(door: Door, method: str) -> None:
    assert door.knock(b"{}", method=method)[0] == 405


def test_the_largest_notice_is_read_and_one_byte_more_is_not(house: House, door: Door) -> None:
    body = notice_json(paid_notice(None, house.now))
    full = body + b" " * (LARGEST_NOTICE - len(body))
    assert door.knock(full + b" ")[0] == 413
    assert nothing_was_stored(house)
    assert door.knock(full) == (200, "unknown_payment")


@pytest.mark.parametrize(("extra", "status"), [(0, 200), (1, 413)])
def test_a_body_of_unknown_length_has_the_same_limit(
    house: House, door: Door, extra: int, status: int
) -> None:
    body = notice_json(paid_notice(None, house.now))
    full = body + b" " * (LARGEST_NOTICE - len(body) + extra)
    assert knock_in_pieces(door.port, full) == status
    assert nothing_was_stored(house) == (status == 413)


def knock_in_pieces(port: int, body: bytes) -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    pieces = (body[n : n + 32_768] for n in range(0, len(body), 32_768))
    headers = {"Word-Signature": sign(body), "Transfer-Encoding": "chunked"}
    connection.request("POST", PATH, pieces, headers, encode_chunked=True)
    status = connection.getresponse().status
    connection.close()
    return status


def test_a_claimed_length_is_refused_before_the_body_is_sent(house: House, door: Door) -> None:
    with socket.create_connection(("127.0.0.1", door.port), timeout=20) as wire:
        wire.sendall(f"POST {PATH} HTTP/1.1\r\nContent-Length: 10000000\r\n\r\n".encode())
        assert b" 413 " in wire.recv(64)
    assert nothing_was_stored(house)


def test_a_locked_database_asks_the_provider_to_come_back(
    sqlite_url: str, now: datetime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("payments.db.LOCK_WAIT_SECONDS", 0.2)
    databases = connect(sqlite_url)
    house = make_house(databases, now)
    payment = house.start()
    body = notice_json(paid_notice(payment.code, now))
    with serving(make_app(databases, house.gateways)) as port:
        with databases.write.begin() as other:
            other.connection()
            assert Door(port).knock(body) == (503, "failed")
        assert house.payment(payment.id).received == 0
        assert Door(port).knock(body) == (200, "applied")
    assert house.payment(payment.id).received == PRICE
    databases.dispose()


def test_a_database_that_is_away_asks_the_provider_to_come_back(house: House) -> None:
    away = connect("postgresql+psycopg://nobody@127.0.0.1:1/none")
    with serving(make_app(away, house.gateways)) as port:
        assert Door(port).knock(notice_json(paid_notice(None, house.now))) == (503, "away for now")
    away.dispose()


def test_a_message_that_cannot_be_stored_whole_is_not_stored_at_all(
    house: House, door: Door
) -> None:
    """Two notices, the second with an impossible amount: the first is undone with it."""
    payment = house.start()
    good = paid_notice(payment.code, house.now)
    bad = paid_notice(payment.code, house.now, "R2", 0)
    assert door.knock(notice_json(good, bad))[0] == 500
    assert house.payment(payment.id).received == 0
    assert house.count(Movement) == 0


def test_the_door_remembers_an_account_for_no_longer_than_a_second(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = [100]
    monkeypatch.setattr("payments.web.monotonic", lambda: seconds[0])
    accounts = Accounts(house.databases, house.gateways, seconds=1)
    first = accounts.named("an-binh")
    assert accounts.named("an-binh") == first
    with house.databases.write.begin() as tx:
        tx.get_one(MerchantAccount, house.account.id).settings = {"rotated": True}
    assert accounts.named("an-binh") == first
    seconds[0] = 101
    assert accounts.named("an-binh")[0].settings == {"rotated": True}
    assert accounts.named("an-binh")[1] is not first[1]
    with pytest.raises(NotFound):
        accounts.named("nobody")
