"""What a fresh database starts with: operators, lots with their signs, accounts, people.

Seeding again changes nothing that is there, so a second start keeps the data and everybody's
passwords. Facts and their sources stand in `hanoi.toml`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.config import Config
from parking.house import House
from parking.lots.models import Lot, LotTariff, Operator, Sign
from parking.people.models import Person
from parking.people.service import NewPerson, add_person
from parking.sandbox import FEE_BASIS_POINTS, account_slug, merchant_secret, seeded
from payments.accounts import open_account
from payments.models import MerchantAccount
from payments.secrets import Vault

ACTOR = "system:seed"


@dataclass(frozen=True, slots=True)
class Credential:
    """A sign-in made by the seed; the password is shown once and kept nowhere."""

    username: str
    role: str
    name: str
    password: str


def seed(house: House, now: datetime) -> list[Credential]:
    """Bring the database to its starting point; the sign-ins that were made by this call.

    In production only lots and operators are seeded: accounts and people are the city's to name.
    """
    facts = seeded()
    with house.databases.write.begin() as tx:
        operators = {row["code"]: _operator(tx, row) for row in facts["operator"]}
        tx.flush()
        for row in facts["lot"]:
            _lot(tx, row, operators[row["operator"]], now)
        tx.flush()
        if house.config.production:
            return []
        for code in operators:
            _account(tx, house.gateways.vault, house.config, code, now)
        return [made for row in facts["person"] if (made := _person(tx, row, facts, now))]


def _operator(tx: Session, row: dict[str, Any]) -> Operator:
    found = tx.scalar(select(Operator).where(Operator.code == row["code"]))
    if found is None:
        found = Operator(**row)
        tx.add(found)
    return found


def _lot(tx: Session, row: dict[str, Any], operator: Operator, now: datetime) -> None:
    if tx.scalar(select(Lot.id).where(Lot.number == row["number"])):
        return
    facts = {key: value for key, value in row.items() if key not in ("operator", "tariffs")}
    tariffs = [
        LotTariff(vehicle_class=vehicle, tariff_code=code)
        for vehicle, code in row["tariffs"].items()
    ]
    lot = Lot(**facts, operator=operator, tariffs=tariffs, created_at=now)
    tx.add(lot)
    tx.flush()
    tx.add(Sign(lot_id=lot.id, version=1, issued_at=now))


def _account(tx: Session, vault: Vault, config: Config, operator: str, now: datetime) -> None:
    slug = account_slug(operator)
    known = tx.scalar(select(MerchantAccount).where(MerchantAccount.slug == slug))
    if known is not None:
        # the sandbox moves with PORT and PUBLIC_URL; a real provider never does
        known.settings = {**known.settings, "base_url": config.sandbox_url}
        return
    open_account(
        tx,
        vault,
        slug=slug,
        operator=operator,
        provider="sandbox",
        mode="test",
        settings={
            "base_url": config.sandbox_url,
            "merchant": slug,
            "fee_permyriad": FEE_BASIS_POINTS,
            "test_clock": True,
        },
        secret={"secret": merchant_secret(config, slug)},
        now=now,
    )


def _person(
    tx: Session, row: dict[str, Any], facts: dict[str, Any], now: datetime
) -> Credential | None:
    if tx.scalar(select(Person.id).where(Person.username == row["username"])):
        return None
    own = tuple(
        lot["number"]
        for lot in facts["lot"]
        if row["role"] == "attendant" and lot["operator"] == row.get("operator")
    )
    new = NewPerson(row["username"], row["role"], row["name"], row.get("operator"), own)
    password = add_person(tx, new, now, ACTOR)
    return Credential(row["username"], row["role"], row["name"], password)
