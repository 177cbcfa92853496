"""Passwords: long enough, not the first ones tried, and slow to check."""

from __future__ import annotations

import pytest

from parking.people import passwords
from parking.people.passwords import (
    LONGEST,
    check_password,
    generate_password,
    hash_password,
    matches,
)
from payments.errors import WrongUsage
from tests.thrift import SLOW


@pytest.fixture(autouse=True)
def as_in_the_house(monkeypatch: pytest.MonkeyPatch) -> None:
    """Everywhere else passwords are hashed with little work."""
    monkeypatch.setattr(passwords, "_hasher", SLOW)


def test_the_hash_is_argon2id_with_nineteen_mebibytes() -> None:
    assert hash_password("a pigeon on the roof").startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_a_password_matches_its_own_hash_only() -> None:
    stored = hash_password("a pigeon on the roof")
    assert matches(stored, "a pigeon on the roof")
    assert not matches(stored, "a pigeon on the roof ")
    assert not matches("not a hash", "a pigeon on the roof")


def test_nobody_has_a_password() -> None:
    assert not matches(None, "a pigeon on the roof")


def test_vietnamese_letters_match_in_both_spellings() -> None:
    composed, decomposed = (
        "m\u1ed9t con chim b\u1ed3 c\u00e2u",
        "mo\u0323\u0302t con chim bo\u0302\u0300 ca\u0302u",
    )
    assert composed != decomposed
    assert matches(hash_password(composed), decomposed)


def test_endless_input_is_refused_before_it_is_hashed() -> None:
    long = "x" * (LONGEST + 1)
    assert not matches(hash_password(long), long)


@pytest.mark.parametrize(
    "weak",
    ["elevenchars", "123456789012", "Password1234", "aaaaaaaaaaaaa", "an.nguyen-2026", "x" * 129],
)
def test_a_weak_password_is_refused(weak: str) -> None:
    with pytest.raises(WrongUsage):
        check_password(weak, "an.nguyen")


def test_generated_passwords_are_accepted_and_never_the_same() -> None:
    passwords = [generate_password() for _ in range(200)]
    for password in passwords:
        check_password(password, "an.nguyen")
    assert len(set(passwords)) == 200
    assert {len(password) for password in passwords} == {19}
