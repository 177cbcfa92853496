"""What tests about passes share: sales at the counter of HK01, and money for them."""

from __future__ import annotations

import uuid
from dataclasses import replace
from datetime import date
from pathlib import Path

from sqlalchemy import select

from parking.lots.models import LotTariff
from parking.lots.service import lot_by_number
from parking.passes.models import Pass
from parking.passes.prices import Kind
from parking.passes.sales import Bearer, Sale, renew, sell
from parking.sessions.plates import read_plate
from parking.tariffs import load_book
from payments.db import business_day
from payments.models import Payment
from payments.provider import MovementFact, MovementKind, Status
from payments.provider import Notice as Told
from payments.service import record
from tests.kit import Town

PLATE = "29-G1 123.45"
OTHER = "29-G1 678.90"
MONTH = 210_000
FULL = Kind("motorbike", "full", "regular")
DAY = Kind("motorbike", "day", "regular")


def bearer(plate: str = PLATE) -> Bearer:
    read = read_plate(plate, "motorbike")
    return Bearer(read.key, read.display)


def sold(
    town: Town,
    plate: str = PLATE,
    kind: Kind = FULL,
    since: date | None = None,
    months: int = 1,
    lots: tuple[str, ...] = ("HK01",),
    actor: str = "person:hoa",
) -> Pass:
    """A pass sold now, not paid yet."""
    with town.house.databases.write.begin() as tx:
        places = [lot_by_number(tx, number) for number in lots]
        begin = since or business_day(town.now)
        sale = Sale(places, bearer(plate), kind, begin, months, actor)
        return sell(tx, town.house.tariffs, sale, town.now)


def bought(town: Town, plate: str = PLATE, kind: Kind = FULL, **more: object) -> Pass:
    """A pass sold now and paid at once."""
    held = sold(town, plate, kind, **more)  # type: ignore[arg-type]
    pay_for(town, held)
    return held


def pay_for(town: Town, held: Pass, amount: int | None = None) -> Payment:
    """Money for a pass arrives, without any page."""
    account, amount = town.account(), amount or held.price
    with town.house.databases.write.begin() as tx:
        number = len(tx.scalars(select(Payment.id)).all()) + 1
        payment = Payment(
            number=number, code=f"PKTEST{number}", account_id=account.id, reference=held.reference,
            intent=f"test:{number}", amount=amount, currency="VND", cost_centre="HK01",
            product="pass:motorbike:full", description="", created_at=town.now,
            expires_at=town.now, return_url="", notify_url="", account=tx.merge(account),
        )  # fmt: skip
        tx.add(payment)
        tx.flush()
        fact = MovementFact(MovementKind.RECEIPT, f"ref{number}", amount, "VND", town.now)
        told = Told(f"test:{number}", payment.code, Status.PAID, town.now, (fact,))
        record(tx, payment.account, told, town.now, source="webhook")
        tx.refresh(payment)
        return payment


def renewed(town: Town, held: Pass, months: int = 1) -> Pass:
    with town.house.databases.write.begin() as tx:
        return renew(tx, town.house.tariffs, held.id, months, "person:hoa", town.now)


def fresh(town: Town, pass_id: uuid.UUID) -> Pass:
    with town.house.databases.read() as tx:
        return tx.get_one(Pass, pass_id)


def charge_by(town: Town, tariff: str, lot: str = "HK01", vehicle: str = "motorbike") -> None:
    """From now on motorbikes at `lot` pay by another tariff."""
    with town.house.databases.write.begin() as tx:
        row = tx.get_one(LotTariff, (town.lots[lot].id, vehicle))
        row.tariff_code = tariff


def another_lot(town: Town, number: str, tariff: str) -> None:
    """Another lot of Hoàn Kiếm's operator, where motorbikes pay by `tariff`."""
    with town.house.databases.write.begin() as tx:
        like = lot_by_number(tx, "HK01")
        names = ("name", "street", "ward", "former_district", "latitude", "longitude", "source")
        facts = {name: getattr(like, name) for name in names}
        kind = type(like)
        rows = [LotTariff(vehicle_class="motorbike", tariff_code=tariff)]
        lot = kind(
            number=number, operator=like.operator, unverified=True, created_at=town.now,
            tariffs=rows, **facts,
        )  # fmt: skip
        tx.add(lot)
        tx.flush()
    town.lots[number] = lot


def refund_unused(town: Town, folder: Path) -> None:
    """The tariff of two-wheelers gives back what was not used."""
    book = Path("parking/tariffs/hanoi.toml").read_text(encoding="utf-8")
    written = folder / "hanoi.toml"
    written.write_text(
        book.replace(
            "[tariff.vehicles.motorbike]\n", "[tariff.vehicles.motorbike]\nrefund_unused = true\n"
        ),
        encoding="utf-8",
    )
    holidays = Path("parking/tariffs/holidays.toml").read_text(encoding="utf-8")
    (folder / "holidays.toml").write_text(holidays, encoding="utf-8")
    town.house = replace(town.house, tariffs=load_book(written))
