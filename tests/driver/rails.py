"""More rails beside the sandbox at one lot: what its driver can choose between."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import ClassVar

from payments.accounts import open_account
from payments.provider import BankTransfer, Capabilities, Checkout, Order
from tests.kit import Town
from tests.payments.word_of_mouth import Memory, WordOfMouth
from tests.web.kit import Browser

ORIGIN = "https://pay.example"


class Cards(WordOfMouth):
    """Two ways to pay from 5,000 dong; its page is at `ORIGIN`."""

    name: ClassVar[str] = "cards"
    label: ClassVar[str] = "Cards"
    methods: ClassVar[Mapping[str, str]] = {
        "QR": "Cards – quét QR",
        "INTCARD": "Cards – thẻ quốc tế",
    }
    capabilities: ClassVar[Capabilities] = Capabilities(
        refunds=True, statements=False, currencies=frozenset({"VND"}), smallest=5_000
    )
    memory: ClassVar[Memory]


class Bank(WordOfMouth):
    """A bank transfer that our own page shows."""

    name: ClassVar[str] = "bank"
    methods: ClassVar[Mapping[str, str]] = {"": "Chuyển khoản VietQR"}
    memory: ClassVar[Memory]

    def start(self, order: Order) -> Checkout:
        self.memory.hear("start", order.code)
        return Checkout(
            transfer=BankTransfer("000201", "970436", "0011", "CONG TY HOAN KIEM", order.code)
        )


def open_rail(town: Town, rail: type[WordOfMouth], **settings: object) -> type[WordOfMouth]:
    """Install `rail` in `town` with an account of Hoàn Kiếm's, named after it."""
    installed = type(rail.__name__, (rail,), {"memory": Memory()})
    registry = {**town.house.gateways.registry, rail.name: installed}
    town.house = replace(town.house, gateways=replace(town.house.gateways, registry=registry))
    town.clock.forward(seconds=1)  # accounts are offered by their age
    with town.house.databases.write.begin() as tx:
        open_account(
            tx,
            town.house.gateways.vault,
            slug=f"hk-{rail.name}",
            operator="hoan-kiem",
            provider=rail.name,
            mode="test",
            settings=settings,
            secret={"secret": "s"},
            now=town.now,
        )
    return installed


def phone(town: Town) -> Browser:
    """A driver's phone in front of the house as it is now; its browser may leave for `ORIGIN`."""
    browser = Browser(town.house)
    origins = (*browser.app.config["CHECKOUT_ORIGINS"], ORIGIN)
    browser.app.config["CHECKOUT_ORIGINS"] = origins
    return browser
