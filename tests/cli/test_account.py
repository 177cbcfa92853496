"""`parking account`: merchant accounts kept from a terminal, secrets never on the command line."""

from __future__ import annotations

import json
import os
import pty
import subprocess
import sys
from pathlib import Path
from typing import ClassVar

import pytest
from cryptography.fernet import Fernet

from parking.commands.secret_input import parts_of
from payments.errors import WrongUsage
from tests.cli.conftest import Parking
from tests.payments.word_of_mouth import Memory, WordOfMouth

SECRET = "a-secret-that-nobody-may-see"
ADD = (
    *("account", "add", "--operator", "hoan-kiem", "--provider", "sandbox", "--slug", "hk-two"),
    *("--setting", "base_url=http://127.0.0.1:9", "--setting", "merchant=hk-two"),
)


@pytest.fixture
def secret_file(tmp_path: Path) -> Path:
    path = tmp_path / "secret"
    path.write_text(f"secret={SECRET}\n")
    return path


def rows(parking: Parking) -> dict[str, dict[str, object]]:
    said = parking("account", "list", "--json")
    assert SECRET not in said.out + said.err
    return {row["slug"]: row for row in json.loads(said.out)}


def test_an_account_is_added_listed_rotated_bounded_and_retired(
    seeded: Parking, secret_file: Path
) -> None:
    added = seeded(*ADD, "--mode", "test", "--secret-file", str(secret_file), "--most", "500000")
    assert added.code == 0, added.err
    assert added.out.strip().endswith("/payments/hk-two/notify")
    assert rows(seeded)["hk-two"] | {"notify": ""} == {
        "slug": "hk-two",
        "operator": "hoan-kiem",
        "provider": "sandbox",
        "mode": "test",
        "state": "in-use",
        "currency": "VND",
        "bounds": "–500000",
        "secrets": 1,
        "notify": "",
    }
    secret_file.write_text(json.dumps({"secret": f"{SECRET}-2"}))
    assert seeded("account", "rotate", "hk-two", "--secret-file", str(secret_file)).code == 0
    assert rows(seeded)["hk-two"]["secrets"] == 2
    again = seeded("account", "rotate", "hk-two", "--secret-file", str(secret_file))
    assert (again.code, "hai khóa" in again.err) == (1, True)
    assert seeded("account", "rotate", "hk-two", "--finish").code == 0
    bounds = ("--least", "5000", "--opens", "22:00", "--closes", "06:00")
    assert "5000– 22:00–06:00" in seeded("account", "bounds", "hk-two", *bounds).err
    assert seeded("account", "retire", "hk-two").code == 0
    found = rows(seeded)
    assert (found["hk-two"]["state"], found["hk-two"]["secrets"]) == ("retired", 1)
    assert list(found)[-1] == "hk-two"
    assert "hk-two  hoan-kiem  sandbox  test  retired" in seeded("account", "list").out
    assert seeded("account", "retire", "hk-two").code == 1


def test_a_live_account_is_refused_outside_of_production(
    seeded: Parking, secret_file: Path
) -> None:
    said = seeded(*ADD, "--mode", "live", "--secret-file", str(secret_file))
    assert said.code == 1
    assert "Live accounts work in production only" in said.err
    assert len(said.err.splitlines()) == 1
    assert "hk-two" not in rows(seeded)


def test_a_test_account_is_refused_in_production(
    parking: Parking,
    sqlite_url: str,
    secret_file: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {
        "PARKING_ENV": "production",
        "PUBLIC_URL": "https://do.xe",
        "DATABASE_URL": sqlite_url,
        "SECRET_KEY": "s" * 32,
        "SIGN_KEYS": "a:" + "a2tr" * 11,
        "SECRETS_KEY": Fernet.generate_key().decode(),
    }.items():
        monkeypatch.setenv(name, value)
    said = parking(*ADD, "--mode", "test", "--secret-file", str(secret_file))
    assert (said.code, "Test accounts never work in production" in said.err) == (1, True)
    live = parking(*ADD, "--mode", "live", "--secret-file", str(secret_file))
    assert (live.code, "There is no payment provider sandbox here" in live.err) == (1, True)
    assert rows(parking) == {}


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--operator", "nobody"), "There is no operator nobody"),
        (("--provider", "vnpaid"), "There is no payment provider vnpaid here; installed are:"),
        (("--slug", "HK TWO"), "cannot name an account"),
        (("--setting", "merchant="), "needs the setting merchant"),
        (("--setting", "merchant"), "--setting merchant must be KEY=VALUE"),
        (("--setting", "secret=x"), "never give it as a setting"),
        (("--least", "0"), "cannot bound an account"),
        (("--currency", "USD"), "sandbox takes no USD"),
    ],
)
def test_what_was_given_wrongly_is_named(
    seeded: Parking, secret_file: Path, more: tuple[str, str], said: str
) -> None:
    answer = seeded(*ADD, "--mode", "test", "--secret-file", str(secret_file), *more)
    assert answer.code in (1, 2)
    assert said in answer.err
    assert SECRET not in answer.err + answer.out
    assert "hk-two" not in rows(seeded)


def test_without_a_terminal_a_secret_is_not_asked_for(
    seeded: Parking, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (tmp_path / "empty").open("w+") as nothing:
        monkeypatch.setattr(sys, "stdin", nothing)
        said = seeded(*ADD, "--mode", "test")
    assert said.code == 2
    assert "--secret-file" in said.err


def test_a_secret_is_asked_for_without_an_echo(seeded: Parking) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "parking", *ADD, "--mode", "test"]
    with subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, start_new_session=True
    ) as process:
        os.close(theirs)
        seen = b""
        while b"Secret secret (not shown)" not in seen:
            seen += os.read(ours, 1024)
        os.write(ours, f"{SECRET}\n".encode())
        try:
            while more := os.read(ours, 1024):
                seen += more
        except OSError:
            pass  # how a terminal says that the other side is gone
    os.close(ours)
    assert process.returncode == 0, seen
    assert SECRET.encode() not in seen
    assert rows(seeded)["hk-two"]["secrets"] == 1


def test_a_check_says_ok_or_what_to_do(seeded: Parking, secret_file: Path) -> None:
    good = seeded("account", "check", "hoan-kiem-sandbox")
    assert (good.code, good.out.startswith("ok   hoan-kiem-sandbox")) == (0, True)
    assert seeded("account", "check", "nobody").code == 1
    secret_file.write_text("bare and wrong")
    seeded("account", "rotate", "hoan-kiem-sandbox", "--secret-file", str(secret_file))
    bad = seeded("account", "check", "hoan-kiem-sandbox")
    assert bad.code == 1
    assert "parking account rotate" in bad.err
    assert "bare and wrong" not in bad.err


def test_an_unreachable_provider_is_no_wrong_secret(seeded: Parking, secret_file: Path) -> None:
    seeded(*ADD, "--mode", "test", "--secret-file", str(secret_file))
    said = seeded("account", "check", "hk-two")
    assert said.code in (1, 2)
    assert "127.0.0.1" in said.err


def test_resealing_lets_the_older_key_go(
    seeded: Parking, settings: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    keys = json.loads((Path(settings["PARKING_VAR"]) / "keys.json").read_text())
    fresh = Fernet.generate_key().decode()
    monkeypatch.setenv("SECRETS_KEY", fresh)
    lost = seeded("account", "reseal")
    assert (lost.code, "SECRETS_KEY" in lost.err) == (1, True)
    monkeypatch.setenv("SECRETS_KEY", f"{fresh},{keys['SECRETS_KEY']}")
    assert seeded("account", "reseal").code == 0
    monkeypatch.setenv("SECRETS_KEY", fresh)
    assert seeded("account", "check", "hoan-kiem-sandbox").code == 0


def test_a_bank_account_has_the_secrets_of_its_feeds_and_is_checked(
    seeded: Parking, secret_file: Path
) -> None:
    add = ("account", "add", "--operator", "hoan-kiem", "--provider", "vietqr", "--slug", "hk-bank")
    bank = (*("--setting", "bank=970436"), *("--setting", "holder=BAI XE"))
    feeds = ("--setting", "feeds=casso", "--setting", "casso_api_url=http://127.0.0.1:9/v2")
    said = (*add, *bank, *feeds, "--mode", "test", "--secret-file", str(secret_file))
    secret_file.write_text("casso_key=k\n")
    lacking = seeded(*said, "--setting", "account=0011009999999")
    assert (lacking.code, "casso_key, casso_api_key" in lacking.err) == (2, True)
    secret_file.write_text("casso_key=k\ncasso_api_key=a\n")
    wrong = seeded(*said, "--setting", "account=0011-009")
    assert (wrong.code, "The setting account of account hk-bank" in wrong.err) == (2, True)
    assert seeded(*said, "--setting", "account=0011009999999").code == 0
    assert "127.0.0.1" in seeded("account", "check", "hk-bank").err


class Two(WordOfMouth):
    """A rail whose secret has two parts."""

    secret_fields: ClassVar[tuple[str, ...]] = ("key", "salt")
    memory: ClassVar[Memory]


def test_a_secret_file_is_read_in_three_ways() -> None:
    assert parts_of(WordOfMouth, "hush") == {"secret": "hush"}
    assert parts_of(WordOfMouth, "secret=hu=sh") == {"secret": "hu=sh"}
    assert parts_of(WordOfMouth, "hu=sh") == {"secret": "hu=sh"}
    assert parts_of(Two, "key = k\n\nsalt=s\n") == {"key": "k", "salt": "s"}
    assert parts_of(Two, '{"key": "k", "salt": "s"}') == {"key": "k", "salt": "s"}
    for content in ("hush", "key=k\nhush", '{"key": 7}', '["key"]', "{"):
        with pytest.raises(WrongUsage) as refusal:
            parts_of(Two, content)
        assert "hush" not in str(refusal.value)
