"""What all doubles can do: fail on demand, remember, keep time, and send notices until heard."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import urllib3
from werkzeug.wrappers import Request

from tests.doubles.base import Answer, Double, Handler
from tests.doubles.faults import Fault
from tests.doubles.inbox import Inbox
from tests.doubles.outbox import Message, NoticeState

NOON = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
MINUTE = timedelta(minutes=1)


class Counter(Double):
    """Counts what it did, and signs with a constant."""

    signature_field = "mac"
    retry_waits = (MINUTE, 2 * MINUTE)

    done = 0

    def routes(self) -> dict[str, Handler]:
        return {"POST /count/<name>": self.count}

    def count(self, request: Request, name: str) -> Answer:
        self.done += 1
        return {"name": name, "done": self.done, "mac": "0abc"}


@pytest.fixture
def double() -> Iterator[Counter]:
    with Counter() as double:
        double.now = NOON
        yield double


def ask(double: Double, path: str = "/count/một") -> urllib3.BaseHTTPResponse:
    return urllib3.request("POST", double.base_url + path, body=b"x", retries=False)


def test_requests_are_answered_and_remembered(double: Counter) -> None:
    assert ask(double).json() == {"name": "một", "done": 1, "mac": "0abc"}
    (received,) = double.journal
    assert (received.at, received.method, received.path) == (NOON, "POST", "/count/một")
    assert (received.body, received.status) == (b"x", 200)
    assert json.loads(received.answer)["done"] == 1


def test_an_unknown_path_is_not_found(double: Counter) -> None:
    assert ask(double, "/other").status == 404


@pytest.mark.parametrize(
    ("fault", "done"), [(Fault.CLOSED_BEFORE, 0), (Fault.CLOSED_AFTER, 1)], ids=str
)
def test_a_closed_connection_says_nothing_of_what_was_done(
    double: Counter, fault: Fault, done: int
) -> None:
    double.faults.add(fault, "/count")
    with pytest.raises(urllib3.exceptions.ProtocolError):
        ask(double)
    assert (double.done, double.journal[-1].status) == (done, 0)
    assert ask(double).json()["done"] == done + 1


@pytest.mark.parametrize(
    ("fault", "done"), [(Fault.ERROR_BEFORE, 0), (Fault.ERROR_AFTER, 1)], ids=str
)
def test_an_error_says_nothing_of_what_was_done(double: Counter, fault: Fault, done: int) -> None:
    double.faults.add(fault, times=2)
    assert [ask(double).status, ask(double).status, ask(double).status] == [500, 500, 200]
    assert double.done == 2 * done + 1


def test_answers_can_be_cut_off_unsigned_or_badly_signed(double: Counter) -> None:
    for fault in (Fault.MALFORMED, Fault.UNSIGNED, Fault.BADLY_SIGNED):
        double.faults.add(fault)
    with pytest.raises(json.JSONDecodeError):
        ask(double).json()
    assert "mac" not in ask(double).json()
    assert ask(double).json()["mac"] == "1abc"
    assert double.done == 3


def test_a_slow_answer_is_the_right_one_late(double: Counter) -> None:
    double.faults.add(Fault.SLOW, seconds=0.2)
    begun = time.monotonic()
    assert ask(double).json()["done"] == 1
    assert time.monotonic() - begun >= 0.2


def test_a_fault_waits_for_its_path(double: Counter) -> None:
    double.faults.add(Fault.ERROR_BEFORE, "/count/b")
    assert [ask(double, f"/count/{name}").status for name in "abb"] == [200, 500, 200]


def post(double: Double, inbox: Inbox, word: str) -> None:
    message = Message("POST", inbox.url, {}, word.encode())
    double.outbox.post(word, lambda now: message)


def test_a_notice_is_sent_until_it_is_heard(double: Counter) -> None:
    with Inbox([500, 503, 200]) as inbox:
        post(double, inbox, "paid")
        for minutes in (0, 1, 2, 60):
            double.forward(minutes=minutes)
            double.outbox.deliver()
    (notice,) = double.outbox.notices
    assert [attempt.at - NOON for attempt in notice.attempts] == [0 * MINUTE, MINUTE, 3 * MINUTE]
    assert notice.state is NoticeState.ACKNOWLEDGED
    assert inbox.words == ["paid"] * 3


def test_a_notice_nobody_hears_is_given_up(double: Counter) -> None:
    double.outbox.post("x", lambda now: Message("POST", "http://127.0.0.1:9/"))
    for _ in range(5):
        double.outbox.deliver()
        double.forward(minutes=5)
    (notice,) = double.outbox.notices
    assert notice.state is NoticeState.GIVEN_UP
    assert [attempt.status for attempt in notice.attempts] == [0, 0, 0]


def test_no_notice_leaves_this_machine(double: Counter) -> None:
    attempt = double.outbox.send(Message("POST", "https://parking.example/n"))
    assert (attempt.status, attempt.error) == (0, "a double calls this machine only")


def test_notices_can_be_delayed_dropped_duplicated_and_reordered(double: Counter) -> None:
    with Inbox() as inbox:
        for word in "abcd":
            post(double, inbox, word)
        a, b, c, d = double.outbox.waiting()
        double.outbox.drop(a)
        double.outbox.delay(b, MINUTE)
        double.outbox.duplicate(c)
        double.outbox.reorder([d, c])
        double.outbox.deliver()
        assert inbox.words == ["d", "c", "c"]
        double.forward(minutes=1)
        double.outbox.deliver()
        assert inbox.words == ["d", "c", "c", "b"]


def test_the_agenda_waits_for_the_clock(double: Counter) -> None:
    happened: list[str] = []
    double.at(NOON + 2 * MINUTE, lambda: happened.append("second"))
    double.at(NOON + MINUTE, lambda: happened.append("first"))
    ask(double)
    assert happened == []
    double.forward(minutes=2)
    assert happened == ["first", "second"]


def test_an_automatic_double_tells_by_itself() -> None:
    with Inbox() as inbox, Counter(automatic=True) as double:
        post(double, inbox, "paid")
        end = time.monotonic() + 5
        while not inbox.words and time.monotonic() < end:
            time.sleep(0.02)
        assert inbox.words == ["paid"]


def test_the_clock_needs_a_zone(double: Counter) -> None:
    with pytest.raises(ValueError, match="no time zone"):
        double.now = NOON.replace(tzinfo=None)
