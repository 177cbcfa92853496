"""The commands on real databases: answers for programs on stdout, everything else on stderr."""

from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest
import zxingcpp
from PIL import Image

from parking import schema
from parking.commands import doctor
from parking.jobs import Ending, begin, database_time, end, lead
from payments.db import Databases, connect
from tests.cli.conftest import Parking


@pytest.fixture
def opened(database_url: str) -> Databases:
    return connect(database_url)


def test_seeding_shows_passwords_once_and_changes_nothing_later(
    parking: Parking, database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_URL", database_url)
    first = parking("seed")
    assert first.code == 0
    assert {"admin", "taichinh"} <= {line.split()[0] for line in first.out.splitlines()}
    assert parking("seed").out == ""


def test_migrating_twice_says_that_nothing_was_to_do(parking: Parking) -> None:
    assert schema.newest() is not None
    assert "brought up to" in parking("migrate").err
    assert "is up to date" in parking("migrate").err


def test_a_day_without_money_reconciles_to_nothing(seeded: Parking) -> None:
    said = seeded("reconcile", "--date", "2026-11-20")
    assert said.code == 0
    assert [line.split(",")[0] for line in said.out.splitlines()] == [
        "hoan-kiem-sandbox 2026-11-20: complete",
        "thang-long-sandbox 2026-11-20: complete",
    ]
    listed = seeded("breaks", "--date", "2026-11-20", "--json")
    assert (listed.code, json.loads(listed.out)) == (0, [])
    listed = seeded("breaks", "--open", "--json")
    assert (listed.code, json.loads(listed.out)) == (0, [])
    found = seeded("breaks", "--class", "chargeback", "--age", ">30", "--since", "2026-11-01")
    assert (found.code, found.out) == (0, "")
    assert "0 open differences" in found.err


def test_a_day_to_come_is_awaited_until_its_time_is_said_to_be_over(seeded: Parking) -> None:
    assert "awaiting" in seeded("reconcile", "--date", "2099-01-01").out
    later = seeded("reconcile", "--date", "2099-01-01", "--as-of", "2099-01-02T00:30")
    assert later.out.count("complete") == 2


def test_polling_nothing_is_fine(seeded: Parking) -> None:
    said = seeded("poll")
    assert (said.code, said.out) == (0, "")
    assert "0 payments" in said.err
    assert "Bank feeds told of 0 transfers that are new." in said.err


@pytest.mark.parametrize("form", ["png", "svg"])
def test_a_sign_can_be_printed(seeded: Parking, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"sign.{form}"
    assert seeded("sign", "hk01", "--format", form, "--out", str(out)).code == 0
    if form == "svg":
        assert out.read_text().startswith("<")
        return
    with Image.open(out) as picture:
        read = zxingcpp.read_barcodes(picture)
    assert "/l/HK01/1/" in read[0].text


def test_a_sign_of_no_lot_and_a_file_nowhere_are_refused(seeded: Parking, tmp_path: Path) -> None:
    unknown = seeded("sign", "XX99", "--out", str(tmp_path / "x.png"))
    assert unknown.code == 1
    assert "XX99" in unknown.err
    nowhere = seeded("sign", "HK01", "--out", str(tmp_path / "no" / "x.png"))
    assert nowhere.code == 2
    assert str(tmp_path / "no") in nowhere.err
    assert not (tmp_path / "x.png").exists()


def test_the_doctor_finds_a_sandbox_that_does_not_run(seeded: Parking) -> None:
    said = seeded("doctor")
    assert said.code == 1
    lines = said.out.splitlines()
    assert [line.split()[0] for line in lines] == ["ok"] * 5 + ["FAIL"] * 2
    assert "make run" in lines[-1]


def test_the_doctor_looks_no_further_than_what_is_broken(
    parking: Parking, monkeypatch: pytest.MonkeyPatch
) -> None:
    unset = parking("doctor")
    assert unset.code == 1
    assert "parking migrate" in unset.out.splitlines()[-1]
    monkeypatch.setenv("DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")
    away = parking("doctor")
    assert [line.split()[0] for line in away.out.splitlines()] == ["ok", "FAIL"]
    monkeypatch.setenv("PARKING_ENV", "production")
    forbidden = parking("doctor")
    assert forbidden.code == 1
    assert forbidden.out.startswith("FAIL")
    assert "PUBLIC_URL" in forbidden.out


def test_the_doctor_wants_merchant_accounts(parking: Parking) -> None:
    parking("migrate")
    assert "parking seed" in parking("doctor").out.splitlines()[-1]


def test_the_doctor_tells_of_failing_jobs(seeded: Parking, opened: Databases) -> None:
    won = lead(opened.write, "timetable", "me", timedelta(minutes=1))
    assert won is not None
    with opened.read() as tx:
        now = database_time(tx)
    run = begin(opened.write, won, "reconcile", now, now)
    assert run is not None
    end(opened.write, won, run, Ending("failed", detail="the provider sent nonsense"), now)
    opened.dispose()
    assert "the provider sent nonsense" in seeded("doctor").out


def test_the_doctor_notices_a_wrong_clock(seeded: Parking, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "LARGEST_SKEW", timedelta(seconds=-1))
    assert "NTP" in seeded("doctor").out
