"""What every protocol double shares: a web server on loopback, a journal, a clock, an agenda.

A double derives from `Double`, names its `routes` and answers them; state changes that tests and
people cause (`pay`, `decline`, …) are plain methods. Example::

    with VnpayDouble("TMNCODE1", "secret", notify_url=inbox.url) as double:
        ...                                # the client under test talks to double.base_url
        double.pay("PK1")                  # the payer acts; a notice waits in double.outbox
        double.outbox.deliver()            # it leaves now
        double.forward(minutes=5)          # the clock stands still unless a test moves it
        double.faults.add(Fault.CLOSED_AFTER, "/transaction")
"""

from __future__ import annotations

import json
import logging
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from types import TracebackType
from typing import Any, Self, TypedDict, Unpack

from werkzeug.exceptions import HTTPException
from werkzeug.routing import Map, Rule
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from tests.doubles.faults import Fault, FaultPlan, Planned
from tests.doubles.outbox import Attempt, Outbox

#: Vietnamese rails write and count days in this zone; it has had no change of offset since 1975.
HANOI = timezone(timedelta(hours=7))

#: A JSON object (signed in `signature_field`, where the rail signs answers) or any other answer.
Answer = dict[str, Any] | Response
Handler = Callable[..., Answer]

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Received:
    """One request as it came, and what was answered; `status` 0: nothing was."""

    at: datetime
    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    status: int
    answer: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Options(TypedDict, total=False):
    """What every double may be told besides its credentials.

    `port`: 0, the default, takes any free one. `clock` may be shared with the product under test;
    until `now` is set or `forward` is called it runs (by default it is the real one).
    `retry_waits` replaces the provider's own pauses between attempts at a notice. With `automatic`,
    notices leave and the agenda runs by themselves, for a person in front of a browser; without it,
    only when a test says so (`outbox.deliver()`; the agenda also before each request).
    """

    port: int
    clock: Callable[[], datetime]
    retry_waits: Sequence[timedelta]
    automatic: bool


class Double:
    """An outside party on a port of this machine."""

    #: The member of a JSON answer that `UNSIGNED` takes away and `BADLY_SIGNED` spoils.
    signature_field: str | None = None
    #: How long an unacknowledged notice waits after each failed attempt, by the provider's papers.
    retry_waits: Sequence[timedelta] = ()

    def __init__(self, **options: Unpack[Options]) -> None:
        self._port = options.get("port", 0)
        self._clock = options.get("clock") or (lambda: datetime.now(UTC))
        self._automatic = options.get("automatic", False)
        self._server: BaseWSGIServer | None = None
        self._threads: list[threading.Thread] = []
        self._stopping = threading.Event()
        self._agenda: list[tuple[datetime, Callable[[], object]]] = []
        #: Held by handlers and acts while they read or change the double's records.
        self.lock = threading.RLock()
        self.journal: list[Received] = []
        self.faults = FaultPlan()
        waits = options.get("retry_waits", self.retry_waits)
        self.outbox = Outbox(lambda: self.now, waits, self.acknowledged)
        self._handlers = self.routes()
        self._map = Map([_rule(name) for name in self._handlers])

    # What a double says of itself

    def routes(self) -> dict[str, Handler]:
        """ "POST /v2/create" → handler(request, **parts of the path), werkzeug's rule syntax."""
        raise NotImplementedError

    def acknowledged(self, attempt: Attempt) -> bool:
        """Does the provider stop sending a notice after this answer?"""
        return 200 <= attempt.status < 300

    # The clock and what waits for it

    @property
    def now(self) -> datetime:
        return self._clock()

    @now.setter
    def now(self, moment: datetime) -> None:
        """From here on the clock stands at `moment`, which must be aware."""
        if moment.tzinfo is None:
            raise ValueError(f"{moment} has no time zone")
        self._clock = lambda: moment

    def forward(self, **span: float) -> None:
        """Move the clock (keywords of `timedelta`), let it stand there, run what fell due."""
        self.now = self.now + timedelta(**span)
        self.run_agenda()

    def at(self, moment: datetime, action: Callable[[], object]) -> None:
        """Do `action` once the clock has reached `moment`."""
        with self.lock:
            self._agenda.append((moment, action))

    def run_agenda(self) -> None:
        with self.lock:
            now = self.now
            due = sorted((e for e in self._agenda if e[0] <= now), key=lambda entry: entry[0])
            self._agenda = [entry for entry in self._agenda if entry[0] > now]
            for _, action in due:
                action()

    # The server

    @property
    def base_url(self) -> str:
        if self._server is None:
            raise RuntimeError(f"{type(self).__name__} has no address before it is started")
        return f"http://127.0.0.1:{self._server.server_port}"

    def start(self) -> None:
        logging.getLogger("werkzeug").setLevel(logging.ERROR)
        server = make_server("127.0.0.1", self._port, self._application, threaded=True)
        self._server = server
        self._run(lambda: server.serve_forever(poll_interval=0.02))
        if self._automatic:
            self._run(self._carry)

    def stop(self) -> None:
        self._stopping.set()
        if self._server is not None:
            self._server.shutdown()
            for thread in self._threads:
                thread.join()
            self._server.server_close()
        self.outbox.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        tb: TracebackType | None,
    ) -> None:
        self.stop()

    def _run(self, target: Callable[[], object]) -> None:
        thread = threading.Thread(target=target, daemon=True)
        thread.start()
        self._threads.append(thread)

    def _carry(self) -> None:
        while not self._stopping.wait(0.2):
            self.run_agenda()
            for attempt in self.outbox.deliver():
                log.info("notice to %s: %s", attempt.message.url, attempt.status or attempt.error)

    # One request

    def _application(self, environ: dict[str, Any], start_response: Any) -> Any:
        request = Request(environ)
        request.get_data()
        response = self._respond(request)
        self._note(request, response)
        if response is None:
            environ["werkzeug.socket"].shutdown(socket.SHUT_RDWR)
            response = Response(status=500)
        return response(environ, start_response)

    def _respond(self, request: Request) -> Response | None:
        fault = self.faults.take(request.path)
        if fault is not None and fault.fault.nothing_done:
            return spoilt(fault.fault)
        answer = self._answer(request)
        if fault is None:
            return as_response(answer)
        return self._suffer(fault, answer)

    def _answer(self, request: Request) -> Answer:
        self.run_agenda()
        try:
            name, parts = self._map.bind_to_environ(request.environ).match()
            with self.lock:
                return self._handlers[name](request, **parts)
        except HTTPException as error:
            return Response.force_type(error.get_response(request.environ), request.environ)

    def _suffer(self, planned: Planned, answer: Answer) -> Response | None:
        if planned.fault is Fault.SLOW:
            self._stopping.wait(planned.seconds)
            return as_response(answer)
        if planned.fault is Fault.MALFORMED:
            whole = as_response(answer)
            return Response(whole.get_data()[:-1] + b",", whole.status, mimetype=whole.mimetype)
        if planned.fault in (Fault.UNSIGNED, Fault.BADLY_SIGNED):
            return as_response(self._missign(planned.fault, answer))
        return spoilt(planned.fault)

    def _missign(self, fault: Fault, answer: Answer) -> Answer:
        field = self.signature_field
        if field is None or not isinstance(answer, dict) or field not in answer:
            raise ValueError(f"{type(self).__name__} does not sign this answer: {fault.name}")
        spoilt_answer = {name: value for name, value in answer.items() if name != field}
        if fault is Fault.BADLY_SIGNED:
            right = answer[field]
            spoilt_answer[field] = ("1" if right[0] == "0" else "0") + right[1:]
        return spoilt_answer

    def _note(self, request: Request, response: Response | None) -> None:
        received = Received(
            at=self.now,
            method=request.method,
            path=request.path,
            query=request.query_string.decode("latin-1"),
            headers=dict(request.headers),
            body=request.get_data(),
            status=0 if response is None else response.status_code,
            answer=b"" if response is None else response.get_data(),
        )
        self.journal.append(received)
        log.info("%s %s: %s", received.method, received.path, received.status or "no answer")


def _rule(name: str) -> Rule:
    method, _, path = name.partition(" ")
    return Rule(path, methods=[method], endpoint=name)


def spoilt(fault: Fault) -> Response | None:
    """The answer of a fault that leaves nothing of the real one; None closes the connection."""
    if fault in (Fault.ERROR_BEFORE, Fault.ERROR_AFTER):
        return Response("Internal Server Error", 500)
    return None


def as_response(answer: Answer) -> Response:
    if isinstance(answer, Response):
        return answer
    return json_response(answer)


def json_response(content: Mapping[str, Any], status: int = 200) -> Response:
    """Compact JSON in UTF-8, non-ASCII unescaped."""
    text = json.dumps(content, ensure_ascii=False, separators=(",", ":"))
    return Response(text, status, mimetype="application/json")


def milliseconds(moment: datetime) -> int:
    """Since 1970; whole numbers all the way."""
    return int(moment.timestamp()) * 1000 + moment.microsecond // 1000
