"""The outbound client against real sockets, and against applications of this process."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterable, Iterator
from wsgiref.types import StartResponse, WSGIEnvironment

import pytest
from werkzeug.serving import BaseWSGIServer, make_server
from werkzeug.wrappers import Request, Response

from payments.errors import WrongUsage
from payments.http import HttpClient
from payments.provider import ProviderUnavailable


@Request.application
def echo(request: Request) -> Response:
    """Tells what arrived; some paths misbehave."""
    match request.path:
        case "/away":
            return Response(status=302, headers={"Location": "/ok"})
        case "/large":
            return Response(b"x" * 5_000)
        case "/slow":
            time.sleep(1.0)
            return Response("late")
        case "/drip":
            return Response(drip(), content_type="text/plain")
        case "/sad":
            return Response("no", status=500)
    told = (request.method, request.full_path, request.headers.get("X-Name", ""), request.data)
    return Response(repr(told), headers={"X-Script": request.script_root, "X-Host": request.host})


def drip() -> Iterator[bytes]:
    for _ in range(50):
        time.sleep(0.02)
        yield b"x"


@pytest.fixture(scope="module")
def server() -> Iterator[BaseWSGIServer]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    running = make_server("127.0.0.1", 0, echo, threaded=True)
    thread = threading.Thread(target=running.serve_forever)
    thread.start()
    yield running
    running.shutdown()
    thread.join()
    running.server_close()


@pytest.fixture
def base(server: BaseWSGIServer) -> str:
    return f"http://127.0.0.1:{server.server_port}"


def test_a_request_arrives_as_it_was_sent(base: str) -> None:
    client = HttpClient(["127.0.0.1"])
    answer = client.request("POST", f"{base}/a%20b?c=d", body=b"{}", headers={"X-Name": "An"})
    assert answer.status == 200
    assert answer.body == b"('POST', '/a b?c=d', 'An', b'{}')"


def test_an_application_in_this_process_is_asked_the_same_way(base: str) -> None:
    over_socket = HttpClient(["127.0.0.1"])
    mounted = HttpClient((), mounts={"https://pay.test/api/": echo})
    headers = {"X-Name": "An", "Content-Type": "application/json"}
    theirs = over_socket.request("POST", f"{base}/a%20b?c=d", body=b"{}", headers=headers)
    ours = mounted.request("POST", "https://pay.test/api/a%20b?c=d", body=b"{}", headers=headers)
    assert (ours.status, ours.body) == (theirs.status, theirs.body)
    assert ours.headers["X-Script"] == "/api"
    assert ours.headers["X-Host"] == "pay.test"


def test_a_mount_is_not_a_prefix_of_other_hosts() -> None:
    mounted = HttpClient((), mounts={"http://pay.test": echo})
    assert mounted.request("GET", "http://pay.test?a=b").status == 200
    with pytest.raises(WrongUsage):
        mounted.request("GET", "http://pay.test.evil.example/")


def test_a_mounted_application_is_closed_and_its_errors_are_heard() -> None:
    closed: list[bool] = []

    class Body:
        def __iter__(self) -> Iterator[bytes]:
            yield b"part"
            raise OSError("disk")

        def close(self) -> None:
            closed.append(True)

    def broken(_environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        start("200 OK", [])(b"")
        return Body()

    with pytest.raises(OSError, match="disk"):
        HttpClient((), mounts={"http://pay.test": broken}).request("GET", "http://pay.test/")
    assert closed == [True]


def test_a_mounted_application_may_answer_with_a_plain_list() -> None:
    def plain(_environ: WSGIEnvironment, start: StartResponse) -> Iterable[bytes]:
        start("404 Not Found", [("X-A", "b")])
        return [b"no", b"ne"]

    answer = HttpClient((), mounts={"http://pay.test": plain}).request("GET", "http://pay.test/")
    assert (answer.status, answer.body, answer.headers["X-A"]) == (404, b"none", "b")


@pytest.mark.parametrize(
    "url",
    [
        "https://evil.example/",
        "http://169.254.169.254/latest",
        "ftp://pay.example/",
        "pay.example",
        "",
        "https://pay.example.evil.example/",
        "https://pay.example@evil.example/",
        "https://evil.example\\@pay.example/",
        "https://user@pay.example/",
        "https://other.example:444/",
    ],
)
def test_a_host_that_was_not_named_is_never_called(url: str) -> None:
    with pytest.raises(WrongUsage, match="add it to the allowed hosts"):
        HttpClient(["https://pay.example", "other.example:443"]).request("GET", url)


def test_plain_http_goes_to_this_machine_only_unless_it_was_named() -> None:
    with pytest.raises(WrongUsage, match="over https"):
        HttpClient(["https://sandbox.invalid:8100"]).request("GET", "http://sandbox.invalid:8100/")
    named = HttpClient(["http://sandbox.invalid:8100"], connect=0.5)
    with pytest.raises(ProviderUnavailable):
        named.request("GET", "http://sandbox.invalid:8100/")


def test_redirects_are_not_followed(base: str) -> None:
    answer = HttpClient(["127.0.0.1"]).request("GET", f"{base}/away")
    assert (answer.status, answer.headers["Location"]) == (302, "/ok")


def test_an_error_status_is_an_answer(base: str) -> None:
    answer = HttpClient(["127.0.0.1"]).request("GET", f"{base}/sad")
    assert (answer.status, answer.body) == (500, b"no")


def test_an_answer_that_is_too_large_is_none(base: str) -> None:
    with pytest.raises(ProviderUnavailable, match="ResponseError"):
        HttpClient(["127.0.0.1"], largest_answer=4_999).request("GET", f"{base}/large")
    assert HttpClient(["127.0.0.1"], largest_answer=5_000).request("GET", f"{base}/large").body


def test_an_answer_that_is_too_slow_is_none(base: str) -> None:
    with pytest.raises(ProviderUnavailable, match="ReadTimeoutError"):
        HttpClient(["127.0.0.1"], read=0.1).request("GET", f"{base}/slow")


def test_an_answer_that_only_drips_is_none(base: str) -> None:
    with pytest.raises(ProviderUnavailable, match="TimeoutError"):
        HttpClient(["127.0.0.1"], whole=0.1).request("GET", f"{base}/drip")


def test_nobody_there_is_no_answer_and_no_address_in_the_reason() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: every connection is refused
        port = taken.getsockname()[1]
        with pytest.raises(ProviderUnavailable) as reason:
            HttpClient(["127.0.0.1"]).request("GET", f"http://127.0.0.1:{port}/?secret=1")
    assert str(reason.value).startswith("127.0.0.1 did not answer: NewConnectionError")
    assert reason.value.__suppress_context__


def test_a_certificate_nobody_vouches_for_is_refused() -> None:
    running = make_server("127.0.0.1", 0, echo, ssl_context="adhoc")
    thread = threading.Thread(target=running.handle_request)
    thread.start()
    with pytest.raises(ProviderUnavailable, match="SSLError"):
        HttpClient(["127.0.0.1"]).request("GET", f"https://127.0.0.1:{running.server_port}/")
    thread.join()
    running.server_close()


def test_queries_headers_and_bodies_are_never_logged(
    base: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)
        HttpClient(["127.0.0.1"]).request(
            "POST", f"{base}/pay?key=in-query", body=b"in-body", headers={"X-Name": "in-header"}
        )
    written = "\n".join(record.getMessage() for record in caplog.records)
    assert "/pay answered 200" in written
    for secret in ("in-query", "in-body", "in-header"):
        assert secret not in written
