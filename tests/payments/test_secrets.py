"""Merchant secrets at rest: sealed with the newest key, readable with the one before."""

from __future__ import annotations

import pytest
from cryptography.fernet import Fernet
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.secrets import SecretUnreadable, Vault

OLD, NEW, FOREIGN = (Fernet.generate_key().decode() for _ in range(3))


@given(st.text(st.characters(exclude_categories=["Cs"])))
@settings(deadline=None, max_examples=50)
def test_a_secret_comes_back_whole(secret: str) -> None:
    vault = Vault([NEW])
    assert vault.open(vault.seal(secret)) == secret


def test_what_is_stored_does_not_show_the_secret_and_never_repeats() -> None:
    vault = Vault([NEW])
    sealed = {vault.seal("whispered") for _ in range(3)}
    assert len(sealed) == 3
    assert not any("whispered" in text for text in sealed)


def test_an_old_key_behind_the_new_one_still_opens() -> None:
    sealed = Vault([OLD]).seal("whispered")
    assert Vault([NEW, OLD]).open(sealed) == "whispered"


def test_after_rotation_new_secrets_need_the_new_key() -> None:
    sealed = Vault([NEW, OLD]).seal("whispered")
    assert Vault([NEW]).open(sealed) == "whispered"
    with pytest.raises(SecretUnreadable):
        Vault([OLD]).open(sealed)


def test_a_key_that_is_gone_is_explained() -> None:
    with pytest.raises(SecretUnreadable) as caught:
        Vault([FOREIGN]).open(Vault([OLD]).seal("whispered"))
    assert caught.value.http_status == 500
    assert str(caught.value) == (
        "A stored merchant secret cannot be read: SECRETS_KEY is not the key it was written with. "
        "Put the former key behind the new one, separated by a comma."
    )


@pytest.mark.parametrize("sealed", ["", "not sealed", "gAAAAA", "ấn định"])
def test_what_was_never_sealed_cannot_be_opened(sealed: str) -> None:
    with pytest.raises(SecretUnreadable):
        Vault([NEW]).open(sealed)


def test_a_sealed_secret_with_one_changed_symbol_is_refused() -> None:
    vault = Vault([NEW])
    sealed = vault.seal("whispered")
    changed = sealed[:40] + ("A" if sealed[40] != "A" else "B") + sealed[41:]
    with pytest.raises(SecretUnreadable):
        vault.open(changed)


@given(
    st.dictionaries(st.text(st.characters(codec="utf-8")), st.text(st.characters(codec="utf-8")))
)
@settings(deadline=None, max_examples=50)
def test_the_parts_of_a_secret_come_back_by_name(parts: dict[str, str]) -> None:
    vault = Vault([NEW])
    sealed = vault.seal_parts(parts)
    assert vault.open_parts(sealed) == parts
    in_other_order = dict(reversed(parts.items()))
    assert vault.open(sealed) == vault.open(vault.seal_parts(in_other_order))


def test_a_renewed_secret_no_longer_needs_the_old_key() -> None:
    sealed = Vault([OLD]).seal_parts({"secret": "whispered"})
    renewed = Vault([NEW, OLD]).renew(sealed)
    assert Vault([NEW]).open_parts(renewed) == {"secret": "whispered"}
