"""An account in mode test never reaches a company's real house, nor a live one its test house."""

from __future__ import annotations

from dataclasses import replace

import pytest

from payments.errors import WrongUsage
from payments.provider import AccountSettings, ProviderUnavailable
from payments.providers import PROVIDERS
from tests.providers import momo_rail, zalopay_rail
from tests.providers.canned import saying
from tests.providers.rail import MORNING, Clock
from tests.providers.test_momo import ORDER

#: Rails whose addresses are built in for both modes: a setting each, the secret, and the hosts.
ACCOUNTS = {
    "momo": (
        {"partner_code": "MOMO"},
        momo_rail.SECRET,
        {"test": "test-payment.momo.vn", "live": "payment.momo.vn"},
    ),
    "zalopay": (
        {"app_id": "15847"},
        zalopay_rail.SECRET,
        {"test": "sb-openapi.zalopay.vn", "live": "openapi.zalopay.vn"},
    ),
}


@pytest.mark.parametrize("name", ACCOUNTS)
@pytest.mark.parametrize(("mode", "other"), [("test", "live"), ("live", "test")])
def test_an_account_speaks_to_the_hosts_of_its_mode_only(name: str, mode: str, other: str) -> None:
    settings, secret, hosts = ACCOUNTS[name]
    make, http = PROVIDERS[name], saying({})
    ours = AccountSettings("an", mode, settings, (secret,))
    with pytest.raises(ProviderUnavailable):
        make(ours, http, Clock(MORNING)).fetch(ORDER)
    ((url, _),) = http.asked
    assert url.startswith(f"https://{hosts[mode]}/v2/")
    assert hosts[mode] in make.hosts[mode].called
    elsewhere = {**settings, "api_url": f"https://{hosts[other]}/"}
    with pytest.raises(WrongUsage, match=hosts[other]):
        make(replace(ours, settings=elsewhere), http, Clock())
    with pytest.raises(WrongUsage, match=next(iter(settings))):
        make(replace(ours, settings={}), http, Clock())
