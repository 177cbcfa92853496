"""Drivers leave for payment companies we know; nobody leaves by a crafted link."""

from __future__ import annotations

from urllib.parse import urlsplit

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st

from parking.web.leaving import local_path, to_provider
from payments.errors import Unavailable

COMPANY = "https://pay.example.vn"


@pytest.mark.parametrize(
    "url",
    [
        "http://pay.example.vn/x",
        "https://pay.example.vn:8443/x",
        "https://pay.example.vn.evil.example/x",
        "https://pay.example.vn@evil.example/x",
        "https://evil.example\\@pay.example.vn/x",
        "//pay.example.vn/x",
        "javascript:alert(1)",
        "",
    ],
)
def test_only_payment_companies_we_know_are_reached(url: str) -> None:
    app = Flask("test")
    app.config["CHECKOUT_ORIGINS"] = (COMPANY,)
    with app.app_context():
        with pytest.raises(Unavailable):
            to_provider(url)
        answer = to_provider(f"{COMPANY}/order/1")
    assert (answer.status_code, answer.location) == (303, f"{COMPANY}/order/1")


@settings(deadline=None, max_examples=300)
@given(st.text(alphabet="/\\.:@?#%abe \t\n\r\0\u2028", max_size=12))
def test_a_wish_never_names_another_host(wish: str) -> None:
    path = local_path(wish, "/home/")
    parts = urlsplit(path.replace("\\", "/"))
    assert path.startswith("/")
    assert not parts.netloc
    assert not parts.scheme
    assert path in (wish, "/home/")
