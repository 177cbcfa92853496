"""The seed, the lots and their signs, on both databases."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import func, select

from parking.lots import service
from parking.lots.models import Lot, Operator
from parking.lots.seed import seed
from parking.people.models import Person
from parking.people.roles import ROLES
from parking.sandbox import seeded
from payments.db import Databases
from payments.errors import NotFound
from payments.models import MerchantAccount
from qr.links import read_sign_path
from qr.sign import sign_png, sign_svg
from tests.kit import Town, bare_town


@pytest.fixture
def fresh(databases: Databases, database_url: str, tmp_path: Path) -> Town:
    return bare_town(databases, tmp_path, database_url)


def test_the_seed_holds_the_pilot_with_its_sources(fresh: Town) -> None:
    seed(fresh.house, fresh.now)
    with fresh.house.databases.read() as tx:
        lots = service.lots(tx)
        streets = {lot.street for lot in lots if lot.source != "ours"}
    assert len(lots) == 7
    assert streets == {
        "Trần Quang Khải", "Phan Chu Trinh", "Lý Thường Kiệt", "Phủ Doãn", "Lý Thái Tổ",
        "Nguyễn Thượng Hiền",
    }  # fmt: skip
    assert all(lot.unverified for lot in lots)


def test_every_seeded_tariff_exists_for_its_class(fresh: Town) -> None:
    for row in seeded()["lot"]:
        for vehicle, code in row["tariffs"].items():
            version = fresh.house.tariffs.in_force(code, fresh.now.date())
            assert vehicle in version.vehicle_classes


def test_seeding_twice_keeps_data_and_passwords(fresh: Town) -> None:
    made = seed(fresh.house, fresh.now)
    assert {credential.role for credential in made} == {*ROLES}
    assert seed(fresh.house, fresh.now) == []
    with fresh.house.databases.read() as tx:
        counts = [
            tx.scalar(select(func.count()).select_from(table))
            for table in (Operator, Lot, MerchantAccount, Person)
        ]
    assert counts == [2, 7, 2, 5]


def test_the_sandbox_is_found_again_after_it_moved_to_another_port(fresh: Town) -> None:
    seed(fresh.house, fresh.now)
    moved = replace(fresh.house.config, sandbox_url="http://localhost:9001")
    seed(replace(fresh.house, config=moved), fresh.now)
    with fresh.house.databases.read() as tx:
        addresses = {a.settings["base_url"] for a in tx.scalars(select(MerchantAccount))}
    assert addresses == {"http://localhost:9001"}


def test_production_is_seeded_without_people_or_test_accounts(fresh: Town) -> None:
    live = replace(fresh.house, config=replace(fresh.house.config, production=True))
    assert seed(live, fresh.now) == []
    with fresh.house.databases.read() as tx:
        assert tx.scalar(select(func.count()).select_from(MerchantAccount)) == 0
        assert tx.scalar(select(func.count()).select_from(Lot)) == 7


def test_an_unknown_lot_is_answered_with_the_lots_there_are(town: Town) -> None:
    with town.house.databases.read() as tx:
        assert service.lot_by_number(tx, " hk01 ").number == "HK01"
        with pytest.raises(NotFound, match=r"no lot XX99; lots are: DD01, HK01"):
            service.lot_by_number(tx, "XX99")


def test_a_new_sign_replaces_the_old_one_which_warns_once_retired(town: Town) -> None:
    house, lot = town.house, town.lots["HK01"]
    with house.databases.write.begin() as tx:
        assert service.issue_sign(tx, lot, "person:an", town.now).version == 2
        service.retire_sign(tx, lot, 1, "person:an", town.now)
    with house.databases.read() as tx:
        assert service.current_sign(tx, lot).version == 2
        assert service.sign_version(tx, lot, 1).retired_at == town.now
        with pytest.raises(NotFound, match="never had a sign number 3"):
            service.sign_version(tx, lot, 3)


def test_a_lot_without_a_sign_says_so(town: Town) -> None:
    lot = town.lots["HK01"]
    with town.house.databases.write.begin() as tx:
        service.retire_sign(tx, lot, 1, "person:an", town.now)
    with town.house.databases.read() as tx, pytest.raises(NotFound, match="no sign"):
        service.current_sign(tx, lot)


def test_the_printed_sign_carries_a_link_that_reads_back_and_never_a_payload(town: Town) -> None:
    house, lot = town.house, town.lots["HK01"]
    with house.databases.read() as tx:
        sign = service.current_sign(tx, lot)
    printed = service.printed_sign(house.keys, house.config.public_url, lot, sign)
    path = printed.link.removeprefix(house.config.public_url)
    assert path != printed.link
    assert read_sign_path(house.keys, path).lot_number == "HK01"
    assert sign_png(printed).startswith(b"\x89PNG")
    assert sign_svg(printed).startswith("<")


def test_names_of_lots_are_found_by_number(town: Town) -> None:
    with town.house.databases.read() as tx:
        assert service.lot_names(tx, ["HK01", "??"]) == {"HK01": "Bãi xe Trần Quang Khải"}
