"""What every answer tells the browser to refuse (OWASP ASVS 5.0 V3)."""

from __future__ import annotations

import secrets
from collections.abc import Iterable

from flask import Flask, Response, g, request

HEADERS = {
    "X-Content-Type-Options": "nosniff",
    # links to sessions are secrets: only our own pages may learn where a reader came from
    "Referrer-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), geolocation=(), microphone=(), payment=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}
TWO_YEARS = 63_072_000


def nonce() -> str:
    """The word that a script element of this page must carry."""
    if "nonce" not in g:
        g.nonce = secrets.token_urlsafe(16)
    return str(g.nonce)


def content_policy(word: str, checkout_origins: Iterable[str]) -> str:
    """The Content-Security-Policy. Browsers apply ``form-action`` to redirects too, so the hosts a
    paying driver is sent to are named."""
    return "; ".join(
        (
            "default-src 'none'",
            f"script-src 'nonce-{word}'",
            "style-src 'self'",
            "img-src 'self' blob:",
            "connect-src 'self'",
            "manifest-src 'self'",
            "worker-src 'self'",
            "base-uri 'none'",
            "frame-ancestors 'none'",
            " ".join(("form-action 'self'", *checkout_origins)),
        )
    )


def install(app: Flask, https: bool, checkout_origins: tuple[str, ...]) -> None:
    """Send the headers with every answer of `app`."""

    @app.after_request
    def add(response: Response) -> Response:
        response.headers.update(HEADERS)
        response.headers["Content-Security-Policy"] = content_policy(nonce(), checkout_origins)
        if https:
            response.headers["Strict-Transport-Security"] = f"max-age={TWO_YEARS}"
        if request.endpoint != "static":
            response.headers["Cache-Control"] = "no-store"
        return response

    app.jinja_env.globals["nonce"] = nonce
