"""Composition: what stands in production, what only on a desk."""

from __future__ import annotations

import base64
import gc
from pathlib import Path

import pytest
from cryptography.fernet import Fernet

from parking.app import build, called_hosts, checkout_origins, create_app, registry, serve
from parking.config import Config
from payments.errors import WrongUsage
from payments.provider import Hosts
from tests.payments.word_of_mouth import WordOfMouth
from tests.web.kit import make_config

HOSTS = {
    "test": Hosts(called=("api.test",), visited=("pay.test",)),
    "live": Hosts(called=("api.live",), visited=("pay.live",)),
}


@pytest.fixture
def production(tmp_path: Path) -> Config:
    """A configuration with every key given."""
    return make_config(
        tmp_path,
        PARKING_ENV="production",
        PUBLIC_URL="https://do.xe",
        DATABASE_URL=f"sqlite:///{tmp_path}/parking.db",
        SECRET_KEY="s" * 32,
        SIGN_KEYS="a:" + base64.urlsafe_b64encode(b"k" * 32).decode(),
        SECRETS_KEY=Fernet.generate_key().decode(),
    )


def test_production_knows_no_sandbox(production: Config) -> None:
    assert "sandbox" not in registry(production)
    assert not any(":8001" in place for place in checkout_origins(production, registry(production)))
    with pytest.raises(WrongUsage, match="never runs in production"):
        build(production, embedded_sandbox=True)
    house = build(production)
    policy = create_app(house).test_client().get("/healthz").headers["Content-Security-Policy"]
    (forms,) = (rule for rule in policy.split("; ") if rule.startswith("form-action"))
    assert forms.startswith("form-action 'self' https://")
    assert "sandbox" not in forms
    house.databases.dispose()


def test_a_desk_pays_at_the_sandbox(tmp_path: Path) -> None:
    config = make_config(tmp_path, SANDBOX_URL="https://vi-thu.example:8443/pay")
    assert "sandbox" in registry(config)
    assert checkout_origins(config, {}) == ("https://vi-thu.example:8443",)


def test_contract_hosts_may_be_called_and_visited(tmp_path: Path) -> None:
    config = make_config(tmp_path, PROVIDER_HOSTS="https://pay.bank.test,http://127.0.0.1:8301")
    given = {"https://pay.bank.test", "http://127.0.0.1:8301"}
    assert given <= set(called_hosts(config, {}))
    assert given <= set(checkout_origins(config, {}))


def test_a_rail_is_called_and_visited_where_it_lives_in_this_mode(
    tmp_path: Path, production: Config
) -> None:
    rail = type("Rail", (WordOfMouth,), {"hosts": HOSTS})
    desk = make_config(tmp_path)
    assert "api.test" in called_hosts(desk, {"rail": rail})
    assert checkout_origins(desk, {"rail": rail})[-1] == "https://pay.test"
    assert called_hosts(production, {"rail": rail}) == ("api.live",)
    assert checkout_origins(production, {"rail": rail}) == ("https://pay.live",)


def test_a_server_process_serves_the_house_of_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARKING_VAR", str(tmp_path / "var"))
    monkeypatch.delenv("DATABASE_URL", raising=False)
    app = serve()
    assert app.test_client().get("/healthz").status_code == 200
    app.extensions["house"].databases.dispose()
    assert gc.get_freeze_count() > 0
    gc.unfreeze()


def test_a_bad_setting_stops_the_start_with_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARKING_VAR", str(tmp_path / "var"))
    monkeypatch.setenv("DATABASE_URL", "mysql://nowhere")
    with pytest.raises(WrongUsage, match="DATABASE_URL"):
        serve()
