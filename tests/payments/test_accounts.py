"""Merchant accounts: found by name while they live, spoken for by their provider."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import IntegrityError

from payments.accounts import (
    account_by_id,
    account_by_slug,
    known_account,
    live_accounts,
    open_account,
)
from payments.errors import NotFound
from payments.models import MerchantAccount
from payments.secrets import SecretUnreadable, Vault
from tests.payments.kit import House
from tests.payments.word_of_mouth import SECRET


def open_another(house: House, slug: str, operator: str, mode: str = "test") -> MerchantAccount:
    with house.databases.write.begin() as tx:
        return open_account(
            tx,
            house.gateways.vault,
            slug=slug,
            operator=operator,
            provider="word-of-mouth",
            mode=mode,
            settings={"merchant": "M1"},
            secret={"secret": "another"},
            now=house.now,
        )


def retire(house: House, account: MerchantAccount) -> None:
    with house.databases.write.begin() as tx:
        tx.get_one(MerchantAccount, account.id).retired_at = house.now


def test_secrets_are_stored_sealed(house: House) -> None:
    assert SECRET not in str(house.account.secrets)
    assert house.gateways.vault.open_parts(house.account.secrets[0]) == {"secret": SECRET}


def test_a_retired_account_is_no_longer_found_by_name(house: House) -> None:
    with house.databases.read() as tx:
        assert account_by_slug(tx, "an-binh").id == house.account.id
    retire(house, house.account)
    with house.databases.read() as tx:
        with pytest.raises(NotFound, match="There is no merchant account an-binh"):
            account_by_slug(tx, "an-binh")
        assert account_by_id(tx, house.account.id).slug == "an-binh"
        assert known_account(tx, "an-binh").id == house.account.id
        assert list(live_accounts(tx)) == []


def test_live_accounts_are_those_of_one_operator_or_of_all(house: House) -> None:
    other = open_another(house, "hoa-mai", "Hoa Mai")
    with house.databases.read() as tx:
        assert [a.slug for a in live_accounts(tx)] == ["an-binh", "hoa-mai"]
        assert [a.id for a in live_accounts(tx, "Hoa Mai")] == [other.id]
        assert list(live_accounts(tx, "Nobody")) == []


def test_two_accounts_cannot_share_a_name(house: House) -> None:
    with pytest.raises(IntegrityError):
        open_another(house, "an-binh", "Hoa Mai")


def test_an_account_is_for_tests_or_live_and_nothing_else(house: House) -> None:
    with pytest.raises(IntegrityError, match="mode"):
        open_another(house, "hoa-mai", "Hoa Mai", mode="pretend")


def test_a_secret_nobody_can_read_is_named_before_the_provider_is_built(house: House) -> None:
    gateways = type(house.gateways)(
        house.gateways.registry,
        house.gateways.http,
        house.gateways.clock,
        Vault(["_" * 43 + "="]),
    )
    with pytest.raises(SecretUnreadable):
        gateways.provider(house.account)
