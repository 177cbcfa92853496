"""The banks a code can pay into are the published ones."""

from __future__ import annotations

import json

from qr.banks import banks
from tests.qr.test_vietqr import VECTORS


def test_the_bank_list_is_the_published_one() -> None:
    published = json.loads((VECTORS / "napas_bins.json").read_text())["banks"]
    assert len(banks()) == len(published) == 70
    for bank in published:
        ours = banks()[bank["bin"]]
        assert (ours.bin, ours.code, ours.short_name, ours.name) == (
            bank["bin"], bank.get("code") or "", bank["short_name"], bank["name"],
        )  # fmt: skip
