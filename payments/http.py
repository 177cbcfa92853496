"""The one outbound client. Everything that leaves the house for a provider leaves through here.

Only hosts that were named are called, redirects are not followed, certificates are always checked,
and plain http goes to the own machine only, unless the host was named with ``http://``. Every wait
has an end and every answer a largest size. What is logged is host, path and status: queries,
headers and bodies hold secrets and are never written down.
"""

from __future__ import annotations

import io
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from types import TracebackType
from typing import Any
from urllib.parse import SplitResult, unquote, urlsplit
from wsgiref.types import WSGIApplication

import urllib3

from payments.errors import WrongUsage
from payments.provider import HttpAnswer, ProviderUnavailable

LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
#: A settlement file of a million lines is about 130 MB.
LARGEST_ANSWER = 256 * 1024 * 1024
CHUNK = 64 * 1024

log = logging.getLogger(__name__)
# urllib3 logs whole addresses, queries included, at level DEBUG
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)


class HttpClient:
    """An outbound client for the hosts in `allowed_hosts` (``host`` or ``host:port``, with
    ``https://`` or without; a host that is reached without TLS is written ``http://host:port``).

    Waits are in seconds: `connect` and `read` for each step, `whole` for one request in all.
    `mounts` maps a base URL to a WSGI application of this process, which is then called without
    a socket. Safe to share between threads.
    """

    def __init__(
        self,
        allowed_hosts: Iterable[str],
        *,
        connect: float = 3.0,
        read: float = 10.0,
        whole: float = 60.0,
        largest_answer: int = LARGEST_ANSWER,
        mounts: Mapping[str, WSGIApplication] | None = None,
    ) -> None:
        entries = frozenset(host.lower().removeprefix("https://") for host in allowed_hosts)
        self._plain = frozenset(
            e.removeprefix("http://") for e in entries if e.startswith("http://")
        )
        self._allowed = entries | self._plain
        self._whole = whole
        self._largest = largest_answer
        self._mounts = {base.rstrip("/"): app for base, app in (mounts or {}).items()}
        self._pool = urllib3.PoolManager(
            timeout=urllib3.Timeout(connect=connect, read=read),
            retries=False,
            cert_reqs="CERT_REQUIRED",
        )

    def request(
        self, method: str, url: str, *, body: bytes = b"", headers: Mapping[str, str] | None = None
    ) -> HttpAnswer:
        """Send and read the whole answer, whatever its status.

        Raises `ProviderUnavailable` when there is none (in time, or of a bearable size) and
        `WrongUsage` for an address that may not be called.
        """
        for base, app in self._mounts.items():
            if url == base or url.startswith((base + "/", base + "?")):
                return call_wsgi(app, base, method, url, body, headers or {})
        parts = self._check(url)
        started = time.monotonic()
        try:
            answer = self._send(method, url, body, headers or {}, started)
        except urllib3.exceptions.HTTPError as reason:
            # without the cause: its text holds the whole address
            raise ProviderUnavailable(
                "%(host)s did not answer: %(reason)s.",
                host=parts.hostname, reason=type(reason).__name__,
            ) from None  # fmt: skip
        log.info("%s %s%s answered %s", method, parts.hostname, parts.path, answer.status)
        return answer

    def _check(self, url: str) -> SplitResult:
        parts = urlsplit(url)
        host, named = (parts.hostname or "").lower(), parts.netloc.lower()
        misread = any(symbol in named for symbol in "@\\")  # parsers disagree on the host then
        if misread or parts.scheme not in ("http", "https") or not {host, named} & self._allowed:
            raise WrongUsage(
                "%(host)s is not a host this service may call: add it to the allowed hosts.",
                host=named or "An address without a host",
            )
        if parts.scheme == "http" and host not in LOOPBACK and not {host, named} & self._plain:
            raise WrongUsage("%(host)s must be called over https.", host=named)
        return parts

    def _send(
        self, method: str, url: str, body: bytes, headers: Mapping[str, str], started: float
    ) -> HttpAnswer:
        answer = self._pool.request(
            method, url, body=body, headers=dict(headers), redirect=False, preload_content=False
        )
        try:
            content = self._read(answer, started)
        except BaseException:
            answer.close()  # half read: the connection cannot be used again
            raise
        answer.release_conn()
        return HttpAnswer(answer.status, dict(answer.headers), content)

    def _read(self, answer: urllib3.BaseHTTPResponse, started: float) -> bytes:
        content = bytearray()
        while chunk := answer.read1(CHUNK):
            content += chunk
            if len(content) > self._largest:
                raise urllib3.exceptions.ResponseError("answer too large")
            if time.monotonic() - started > self._whole:
                raise urllib3.exceptions.TimeoutError("answer too slow")
        return bytes(content)


def call_wsgi(
    app: WSGIApplication, base: str, method: str, url: str, body: bytes, headers: Mapping[str, str]
) -> HttpAnswer:
    """One request to `app`, which is mounted at `base`, inside this process (PEP 3333)."""
    started: list[tuple[str, list[tuple[str, str]]]] = []

    def start_response(
        status: str,
        fields: list[tuple[str, str]],
        _error: tuple[type[BaseException], BaseException, TracebackType]
        | tuple[None, None, None]
        | None = None,
    ) -> Callable[[bytes], object]:
        started.append((status, fields))
        return lambda _data: None

    chunks = app(_environ(base, method, url, body, headers), start_response)
    try:
        content = b"".join(chunks)
    finally:
        if close := getattr(chunks, "close", None):
            close()
    status, fields = started[-1]
    return HttpAnswer(int(status[:3]), dict(fields), content)


def _environ(
    base: str, method: str, url: str, body: bytes, headers: Mapping[str, str]
) -> dict[str, Any]:
    parts = urlsplit(url[len(base) :])
    place = urlsplit(base)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "SCRIPT_NAME": place.path,
        "PATH_INFO": unquote(parts.path, "latin-1"),
        "QUERY_STRING": parts.query,
        "SERVER_NAME": place.hostname or "",
        "SERVER_PORT": str(place.port or (443 if place.scheme == "https" else 80)),
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "HTTP_HOST": place.netloc,
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": place.scheme,
        "wsgi.input": io.BytesIO(body),
        "wsgi.errors": io.StringIO(),
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        environ[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return environ
