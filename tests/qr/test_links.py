"""A link is either exactly the one we signed, or it is refused."""

from __future__ import annotations

from string import printable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qr.links import (
    CardClaim,
    InvalidLink,
    KeyRing,
    SignClaim,
    card_link,
    pass_link,
    read_card_path,
    read_pass_path,
    read_session_path,
    read_sign_path,
    session_link,
    sign_link,
)

URL = "https://p.example.vn"
OLD = {"k1": bytes(range(32))}
RING = KeyRing(OLD)
TOKEN = "Zm9vYmFyYmF6cXV4MTIzNA"
SIGN = sign_link(RING, URL, "HK-012", 3).removeprefix(URL)
SESSION = session_link(RING, URL, TOKEN).removeprefix(URL)
CARD = card_link(RING, URL, "HK-012", 42).removeprefix(URL)
PASS = pass_link(RING, URL, TOKEN).removeprefix(URL)


def test_a_sign_link_says_lot_and_version() -> None:
    assert read_sign_path(RING, SIGN) == SignClaim("HK-012", 3)


def test_a_session_link_gives_its_token_back() -> None:
    assert read_session_path(RING, SESSION) == TOKEN


def test_a_card_link_says_lot_and_number() -> None:
    assert read_card_path(RING, CARD) == CardClaim("HK-012", 42)


def test_a_pass_link_gives_its_token_back_and_is_no_session_link() -> None:
    assert read_pass_path(RING, PASS) == TOKEN
    with pytest.raises(InvalidLink):
        read_pass_path(RING, SESSION.replace("/s/", "/p/"))
    with pytest.raises(InvalidLink):
        read_session_path(RING, PASS.replace("/p/", "/s/"))


def test_the_code_of_a_known_link_never_changes() -> None:
    """Printed signs and cards depend on it: a change here retires every one in the city."""
    assert SIGN.endswith("/3/k1.7C6NU9E9RC5TEKVJGRCA3FXZXN")
    assert SESSION.endswith(".k1.STJVFZSF4C2F55MQC5AUBMENW8")
    assert CARD.endswith("/42/k1.B7BWS6B35MK4VV3MU2QE8NJVHZ")


def test_a_trailing_slash_of_the_public_url_makes_no_second_link() -> None:
    assert sign_link(RING, URL + "/", "HK-012", 3) == URL + SIGN


@settings(deadline=None, max_examples=300)
@given(data=st.data(), path=st.sampled_from([SIGN, SESSION, CARD, PASS]))
def test_any_changed_character_is_refused(data: st.DataObject, path: str) -> None:
    place = data.draw(st.integers(0, len(path) - 1))
    other = data.draw(st.sampled_from(printable).filter(lambda c: c != path[place]))
    refuse(path[:place] + other + path[place + 1 :])


@settings(deadline=None, max_examples=200)
@given(data=st.data(), path=st.sampled_from([SIGN, SESSION, CARD, PASS]))
def test_any_flipped_bit_is_refused(data: st.DataObject, path: str) -> None:
    raw = bytearray(path.encode())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    refuse(raw.decode("latin-1"))


@pytest.mark.parametrize("path", [SIGN, SESSION, CARD, PASS])
def test_a_cut_or_lengthened_link_is_refused(path: str) -> None:
    for end in range(len(path)):
        refuse(path[:end])
    for tail in ("2", "/", "\n", "=", "?", "%00", " "):
        refuse(path + tail)


@pytest.mark.parametrize("path", [SIGN, SESSION, CARD, PASS])
def test_another_spelling_of_a_good_link_is_refused(path: str) -> None:
    refuse(path.lower())
    refuse(path.upper())
    refuse(path.swapcase())
    refuse("/" + path)
    refuse(path.replace(".", "%2E"))


def test_a_leading_zero_in_the_version_is_refused() -> None:
    refuse(SIGN.replace("/3/", "/03/"))
    refuse(CARD.replace("/42/", "/0042/"))


def test_a_session_code_is_worth_nothing_on_a_sign() -> None:
    lot = "A" * 20
    stolen = SESSION.rsplit(".", 1)[1]
    refuse(f"/l/{lot}/1/k1.{stolen}")
    with pytest.raises(InvalidLink):
        read_session_path(RING, SIGN)
    with pytest.raises(InvalidLink):
        read_sign_path(RING, SESSION)


def test_a_sign_makes_no_card_and_a_card_no_sign() -> None:
    """Both carry a lot and a number: what they are for is signed too."""
    refuse(card_link(RING, "", "HK-012", 3).replace("/c/", "/l/"))
    refuse(SIGN.replace("/l/", "/c/"))


def test_rotating_the_key_retires_no_sign() -> None:
    rotated = KeyRing({"k2": b"\x07" * 32, **OLD})
    assert read_sign_path(rotated, SIGN) == SignClaim("HK-012", 3)
    assert "/k2." in sign_link(rotated, URL, "HK-012", 3)


def test_a_link_of_a_key_no_longer_on_the_ring_is_refused() -> None:
    with pytest.raises(InvalidLink, match="not a link of ours"):
        read_sign_path(KeyRing({"k2": b"\x07" * 32}), SIGN)


def test_the_same_key_under_another_name_does_not_verify() -> None:
    with pytest.raises(InvalidLink, match="altered"):
        read_sign_path(KeyRing({"k2": OLD["k1"]}), SIGN.replace("k1.", "k2."))


@settings(deadline=None, max_examples=100)
@given(
    lot=st.from_regex(r"[A-Z0-9]{1,6}(-[A-Z0-9]{1,6}){0,2}", fullmatch=True),
    version=st.integers(1, 999_999),
)
def test_every_lot_and_version_comes_back(lot: str, version: int) -> None:
    path = sign_link(RING, URL, lot, version).removeprefix(URL)
    assert read_sign_path(RING, path) == SignClaim(lot, version)
    path = card_link(RING, URL, lot, version).removeprefix(URL)
    assert read_card_path(RING, path) == CardClaim(lot, version)


@pytest.mark.parametrize(
    ("lot", "version"),
    [
        ("", 1),
        ("HK 12", 1),
        ("HK/12", 1),
        ("-HK", 1),
        ("A" * 21, 1),
        ("HK", 0),
        ("HK", -1),
        ("HK", 10**6),
    ],
)
def test_a_lot_number_that_cannot_stand_in_a_link_is_refused(lot: str, version: int) -> None:
    with pytest.raises(InvalidLink, match="cannot be in a link"):
        sign_link(RING, URL, lot, version)
    with pytest.raises(InvalidLink, match="cannot be in a link"):
        card_link(RING, URL, lot, version)


@pytest.mark.parametrize(
    "token", ["", "short", "A" * 21, "A" * 65, "A" * 30 + ".", "A" * 22 + "\n"]
)
def test_a_token_that_could_be_guessed_is_refused(token: str) -> None:
    with pytest.raises(InvalidLink, match="22 to 64"):
        session_link(RING, URL, token)


def test_a_ring_refuses_no_key_a_short_key_and_a_bad_name() -> None:
    with pytest.raises(ValueError, match="at least one key"):
        KeyRing({})
    with pytest.raises(ValueError, match="key k1: the secret needs at least 32 bytes"):
        KeyRing({"k1": b"short"})
    with pytest.raises(ValueError, match=r"key id 'k\.1'"):
        KeyRing({"k.1": bytes(32)})


def test_a_ring_never_prints_its_secrets_and_cannot_be_changed() -> None:
    given_keys = dict(OLD)
    ring = KeyRing(given_keys)
    given_keys["k9"] = b"\x01" * 32
    assert repr(ring) == "KeyRing()"
    assert list(ring.keys) == ["k1"]


def refuse(path: str) -> None:
    for read in (read_sign_path, read_session_path, read_card_path, read_pass_path):
        with pytest.raises(InvalidLink):
            read(RING, path)
