"""Changes of merchant accounts: checked against the rail, written down, never with a secret."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import select

from payments import fitness, merchants
from payments.accounts import Gateways, WrongMode, account_by_slug, every_account, known_account
from payments.bounds import Bounds, InvalidBounds
from payments.codes import code_for
from payments.errors import Complaint, Conflict, NotFound
from payments.merchants import InvalidAccount, NewAccount
from payments.models import Audit, AuditDetail, MerchantAccount
from payments.payback import RefundClaim
from payments.provider import AccountSettings, Capabilities, Clock, Http, Status
from payments.provider import Notice as Told
from payments.secrets import SecretUnreadable, Vault
from tests.payments.kit import KEY, House, at_once
from tests.payments.word_of_mouth import SECRET, Memory, WordOfMouth

FRESH, LATER = "the-fresh-one", "the-later-one"


class Picky(WordOfMouth):
    """A rail that needs settings, two parts of a secret, and has three ways to pay."""

    name: ClassVar[str] = "picky"
    settings: ClassVar[tuple[str, ...]] = ("merchant", "terminal")
    secret_fields: ClassVar[tuple[str, ...]] = ("key", "salt")
    methods: ClassVar[Mapping[str, str]] = {"": "Picky", "QR": "Picky QR", "CARD": "Picky card"}
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=True, statements=False, currencies=frozenset({"VND"}), smallest=5_000
    )
    memory: ClassVar[Memory] = Memory()

    def __init__(self, account: AccountSettings, http: Http, clock: Clock) -> None:
        """Keeps nothing."""


NEW = NewAccount(
    slug="an-binh-picky",
    operator="An Binh",
    provider="picky",
    mode="test",
    settings={"merchant": "M1", "terminal": "T1"},
    secret={"key": f" {FRESH}\n", "salt": "grain"},
    bounds=Bounds(10_000, 2_000_000, "22:00", "06:00"),
)


def rails(house: House) -> Gateways:
    return replace(house.gateways, registry={**house.gateways.registry, "picky": Picky})


def add(house: House, new: NewAccount = NEW) -> MerchantAccount:
    with house.databases.write.begin() as tx:
        return merchants.add(tx, rails(house), new, "person:an", house.now)


def rotate(house: House, secret: str, slug: str = "an-binh") -> MerchantAccount:
    with house.databases.write.begin() as tx:
        return merchants.rotate(tx, rails(house), slug, {"secret": secret}, "person:an", house.now)


def secrets(house: House, slug: str = "an-binh") -> list[str]:
    with house.databases.read() as tx:
        account = known_account(tx, slug)
    return [house.gateways.vault.open_parts(sealed)["secret"] for sealed in account.secrets]


def trail(house: House) -> list[tuple[str, str, dict[str, object]]]:
    with house.databases.read() as tx:
        rows = tx.execute(
            select(Audit.act, Audit.actor, AuditDetail.detail)
            .join(AuditDetail, AuditDetail.audit_id == Audit.id)
            .order_by(Audit.id)
        )
        return [(act, actor, detail) for act, actor, detail in rows]


def test_an_added_account_is_sealed_bounded_and_written_down(house: House) -> None:
    made = add(house)
    assert house.gateways.vault.open_parts(made.secrets[0]) == {"key": FRESH, "salt": "grain"}
    assert Bounds.of(made) == NEW.bounds
    ((act, actor, detail),) = trail(house)
    assert (act, actor) == ("account.add", "person:an")
    assert detail["settings"] == dict(NEW.settings)
    assert detail["bounds"] == "10000–2000000 22:00–06:00"


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"slug": "An Binh"}, "cannot name an account"),
        ({"slug": "a--b"}, "cannot name an account"),
        ({"slug": "a" * 41}, "cannot name an account"),
        ({"slug": ""}, "cannot name an account"),
        ({"mode": "pretend"}, "must be test or live"),
        ({"mode": "live"}, "production only"),
        ({"provider": "nobody"}, "no payment provider nobody here; installed are: picky, word"),
        ({"currency": "USD"}, "takes no USD; it takes: VND"),
        ({"currency": "XXX"}, "not a currency"),
        ({"settings": {"merchant": "M1"}}, "needs the setting terminal"),
        ({"settings": {"merchant": "", "terminal": "T"}}, "needs the setting merchant"),
        ({"settings": {**NEW.settings, "key": "k"}}, "key is a secret"),
        ({"settings": {**NEW.settings, "methods": "QR,CASH"}}, "knows no way to pay CASH"),
        ({"settings": {**NEW.settings, "methods": 7}}, "knows no way to pay 7"),
        ({"secret": {"key": "k"}}, "not known: salt"),
        ({"secret": {"key": "k", "salt": " "}}, "not known: salt"),
        ({"secret": {"key": "k", "salt": "s", "more": "m"}}, "not known: more"),
        ({"bounds": Bounds(most=4_999)}, "no amount is left"),
        ({"bounds": Bounds(least=0)}, "cannot bound"),
        ({"bounds": Bounds(20_000, 10_000)}, "no amount is left"),
        ({"bounds": Bounds(opens="06:00")}, "beginning and another end"),
        ({"bounds": Bounds(opens="06:00", closes="06:00")}, "beginning and another end"),
        ({"bounds": Bounds(opens="6:00", closes="22:00")}, "6:00 is not a time"),
        ({"bounds": Bounds(opens="06:00", closes="24:00")}, "24:00 is not a time"),
    ],
)
def test_what_cannot_work_is_named_and_nothing_is_stored(
    house: House, wrong: dict[str, object], said: str
) -> None:
    with pytest.raises(Complaint, match=said) as refusal:
        add(house, replace(NEW, **wrong))  # type: ignore[arg-type]
    assert FRESH not in str(refusal.value)
    assert house.count(MerchantAccount) == 1
    assert trail(house) == []


def test_chosen_ways_to_pay_are_stored_as_a_list(house: House) -> None:
    made = add(house, replace(NEW, settings={**NEW.settings, "methods": "CARD, QR"}))
    assert made.settings["methods"] == ["CARD", "QR"]


def test_a_name_is_taken_for_ever(house: House) -> None:
    with house.databases.write.begin() as tx:
        merchants.retire(tx, "an-binh", "person:an", house.now)
    with pytest.raises(Conflict, match="There is an account an-binh already"):
        add(house, replace(NEW, slug="an-binh"))
    with house.databases.read() as tx:
        with pytest.raises(NotFound):
            account_by_slug(tx, "an-binh")
        assert [a.slug for a in every_account(tx)] == ["an-binh"]


def test_a_rotation_keeps_two_alive_until_it_is_finished(house: House) -> None:
    rotate(house, FRESH)
    assert secrets(house) == [FRESH, SECRET]
    with pytest.raises(Conflict, match="two live secrets"):
        rotate(house, LATER)
    with house.databases.write.begin() as tx:
        merchants.finish(tx, "an-binh", "person:an", house.now)
    assert secrets(house) == [FRESH]
    with house.databases.write.begin() as tx, pytest.raises(Conflict, match="no rotation"):
        merchants.finish(tx, "an-binh", "person:an", house.now)
    assert [act for act, _, _ in trail(house)] == ["account.rotate", "account.finish"]


def test_the_secret_in_use_is_no_new_one(house: House) -> None:
    with pytest.raises(Conflict, match="uses already"):
        rotate(house, SECRET)
    with pytest.raises(InvalidAccount, match="not known: secret"):
        rotate(house, "")


def test_of_two_rotations_at_once_one_wins(house: House) -> None:
    results = at_once([lambda: rotate(house, FRESH), lambda: rotate(house, LATER)])
    assert sorted(type(result).__name__ for result in results) == ["Conflict", "MerchantAccount"]
    assert len(secrets(house)) == 2


def test_bounds_change_and_both_are_written_down(house: House) -> None:
    with house.databases.write.begin() as tx:
        merchants.change_bounds(
            tx, house.gateways, "an-binh", Bounds(5_000), "person:an", house.now
        )
    with pytest.raises(InvalidBounds), house.databases.write.begin() as tx:
        merchants.change_bounds(tx, house.gateways, "an-binh", Bounds(-1), "person:an", house.now)
    ((act, _, detail),) = trail(house)
    assert (act, detail) == ("account.bounds", {"before": "-", "after": "5000–"})


def test_resealing_leaves_the_older_key_without_use(house: House) -> None:
    newest = Fernet.generate_key().decode()
    vault = Vault([newest, KEY])
    rotate(house, FRESH)
    refund = house.ask(house.paid_payment())
    with house.databases.write.begin() as tx:
        tx.add(
            RefundClaim(
                refund_id=refund.id,
                sealed=house.gateways.vault.seal("970436 0011 AN"),
                hint="…11",
                given_by="an",
                given_at=house.now,
            )
        )
    with house.databases.write.begin() as tx:
        assert merchants.reseal(tx, vault, "command", house.now) == 3
    alone = Vault([newest])
    with house.databases.read() as tx:
        account = known_account(tx, "an-binh")
        claim = tx.scalars(select(RefundClaim)).one()
    assert [alone.open_parts(sealed)["secret"] for sealed in account.secrets] == [FRESH, SECRET]
    assert alone.open(claim.sealed or "") == "970436 0011 AN"


def test_resealing_without_the_former_key_changes_nothing(house: House) -> None:
    with pytest.raises(SecretUnreadable), house.databases.write.begin() as tx:
        merchants.reseal(tx, Vault([Fernet.generate_key().decode()]), "command", house.now)
    assert secrets(house) == [SECRET]


def test_the_trail_holds_no_secret(house: House) -> None:
    add(house)
    rotate(house, LATER)
    with house.databases.write.begin() as tx:
        merchants.finish(tx, "an-binh", "person:an", house.now)
        merchants.reseal(tx, house.gateways.vault, "command", house.now)
        merchants.retire(tx, "an-binh", "person:an", house.now)
    told = json.dumps(trail(house))
    assert len(trail(house)) == 6
    assert not any(word in told for word in (FRESH, LATER, SECRET, "grain", "gAAAA"))


def test_facts_of_an_account_are_checked_without_a_question(house: House) -> None:
    assert fitness.check_facts(house.gateways, house.account).name == "word-of-mouth"
    assert house.memory.asked == []
    foreign = replace(house.gateways, vault=Vault([Fernet.generate_key().decode()]))
    with pytest.raises(SecretUnreadable):
        fitness.check_facts(foreign, house.account)
    with pytest.raises(WrongMode):
        fitness.check_facts(replace(house.gateways, mode="live"), house.account)
    with pytest.raises(NotFound):
        fitness.check_facts(replace(house.gateways, registry={}), house.account)
    made = add(house)
    made.settings = {"merchant": "M1"}
    with pytest.raises(InvalidAccount, match="terminal"):
        fitness.check_facts(rails(house), made)


def test_the_question_is_about_an_order_that_never_was(house: House) -> None:
    code = code_for(fitness.NEVER)
    house.memory.answers[code] = Told("k", code, Status.UNKNOWN, house.now)
    asked = fitness.ask_about_nothing(house.gateways, house.account, "https://x.test", house.now)
    assert asked is Status.UNKNOWN
    assert house.memory.asked == [f"fetch {code}"]
