"""Settings: read once, and refused by name when they are missing, weak or unreadable."""

from __future__ import annotations

import base64
import stat
import threading
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from parking.config import BadSetting, Config

GIVEN = {
    "PARKING_ENV": "production",
    "PUBLIC_URL": "https://parking.example.vn/",
    "DATABASE_URL": "postgresql+psycopg://parking@db/parking",
    "SECRET_KEY": "s" * 32,
    "SIGN_KEYS": "b:" + base64.urlsafe_b64encode(b"k" * 32).decode(),
    "SECRETS_KEY": Fernet.generate_key().decode(),
}


def test_production_takes_what_it_is_given_and_makes_nothing_up(tmp_path: Path) -> None:
    config = Config.from_env(GIVEN | {"PARKING_VAR": str(tmp_path / "var")})
    assert (config.production, config.https, config.port) == (True, True, 8000)
    assert config.public_url == "https://parking.example.vn"
    assert config.sign_keys == (("b", b"k" * 32),)
    assert config.sandbox_secret == ""
    assert not (tmp_path / "var").exists()


def test_development_makes_its_keys_once_and_only_we_may_read_them(tmp_path: Path) -> None:
    first = Config.from_env({"PARKING_VAR": str(tmp_path / "var")})
    again = Config.from_env({"PARKING_VAR": str(tmp_path / "var")})
    assert first == again
    assert first.public_url == "http://localhost:8000"
    assert first.sandbox_url == "http://localhost:8001"
    keys = tmp_path / "var" / "keys.json"
    assert stat.S_IMODE(keys.stat().st_mode) == 0o600
    assert [path.name for path in keys.parent.iterdir()] == ["keys.json"]


def test_processes_that_start_at_once_share_one_set_of_keys(tmp_path: Path) -> None:
    gate, found = threading.Barrier(8), set()

    def start() -> None:
        gate.wait()
        found.add(Config.from_env({"PARKING_VAR": str(tmp_path / "var")}).secret_key)

    threads = [threading.Thread(target=start) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 1


def test_hosts_of_providers_are_origins_and_nothing_more(tmp_path: Path) -> None:
    given = {"PARKING_VAR": str(tmp_path / "var")}
    desk = Config.from_env(
        given | {"PROVIDER_HOSTS": "https://API.bank.test, http://127.0.0.1:8301/,"}
    )
    assert desk.provider_hosts == ("https://api.bank.test", "http://127.0.0.1:8301")
    for wrong in ("api.bank.test", "https://api.bank.test/v1", "https://me@bank.test", "ftp://x"):
        with pytest.raises(BadSetting, match="PROVIDER_HOSTS"):
            Config.from_env(given | {"PROVIDER_HOSTS": wrong})
    with pytest.raises(BadSetting, match="PROVIDER_HOSTS"):
        Config.from_env(GIVEN | given | {"PROVIDER_HOSTS": "http://127.0.0.1:8301"})


def test_a_phone_reaches_the_sandbox_on_the_same_host_as_the_service(tmp_path: Path) -> None:
    given = {"PARKING_VAR": str(tmp_path), "PUBLIC_URL": "http://[fe80::1]:8000", "PORT": "9000"}
    assert Config.from_env(given).sandbox_url == "http://[fe80::1]:9001"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PARKING_ENV", "live"),
        ("PORT", "0"),
        ("PORT", "http"),
        ("PORT", "٣"),
        ("PUBLIC_URL", "http://parking.example.vn"),
        ("PUBLIC_URL", "https://"),
        ("PUBLIC_URL", "https://a.vn/?x=1"),
        ("DATABASE_URL", "mysql://db/parking"),
        ("DATABASE_URL", "nothing"),
        ("SECRET_KEY", "short"),
        ("SIGN_KEYS", ""),
        ("SIGN_KEYS", "a:c2hvcnQ="),
        ("SIGN_KEYS", "a:é"),
        ("SECRETS_KEY", "short"),
    ],
)
def test_a_bad_setting_stops_the_start_and_is_named(name: str, value: str) -> None:
    with pytest.raises(BadSetting, match=name):
        Config.from_env(GIVEN | {name: value})


@pytest.mark.parametrize("name", ["REFUND_APPROVAL_ABOVE", "BREAK_APPROVAL_ABOVE"])
def test_the_limit_above_which_a_second_person_approves_is_in_dong(
    tmp_path: Path, name: str
) -> None:
    given = GIVEN | {"PARKING_VAR": str(tmp_path / "var")}
    assert getattr(Config.from_env(given), name.lower()) == 200_000
    assert getattr(Config.from_env(given | {name: "0"}), name.lower()) == 0
    for wrong in ("-1", "2e5", "200.000", "1" * 13):
        with pytest.raises(BadSetting, match=name):
            Config.from_env(given | {name: wrong})


@pytest.mark.parametrize(
    ("name", "good", "wrong"),
    [
        ("PHONE_LINK_HOURS", ("1", "168"), ("0", "169", "soon", "-1", "٣")),
        ("SILENT_LOT_PERCENT", ("0", "100"), ("101", "40 %", "-1")),
    ],
)
def test_a_whole_number_outside_its_bounds_is_refused(
    tmp_path: Path, name: str, good: tuple[str, ...], wrong: tuple[str, ...]
) -> None:
    given = {"PARKING_VAR": str(tmp_path)}
    for value in good:
        assert getattr(Config.from_env(given | {name: value}), name.lower()) == int(value)
    for value in wrong:
        with pytest.raises(BadSetting, match=name):
            Config.from_env(given | {name: value})
