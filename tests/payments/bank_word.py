"""A rail over a bank account: it cannot send money back, and its notices say who paid."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import ClassVar

from payments.provider import Capabilities, PayerAccount
from tests.payments.word_of_mouth import WordOfMouth

PAYER = {"bank": "970436", "account": "0011004123456", "holder": "NGUYEN VAN AN"}


class BankWord(WordOfMouth):
    """Implements `payments.provider.KnowsPayer` too; the notice is the payer as JSON."""

    capabilities: ClassVar[Capabilities] = replace(WordOfMouth.capabilities, refunds=False)

    def payer(self, raw: bytes) -> PayerAccount | None:
        told = json.loads(raw)
        return PayerAccount(**told) if told else None


def raw_of(**facts: str) -> bytes:
    """The notice of a transfer from the account `PAYER`, some of its facts told otherwise."""
    return json.dumps(PAYER | facts).encode()
