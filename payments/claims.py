"""Where money goes back to when the rail cannot send it back by itself: the driver says so once.

Bank, account and holder are sealed with the vault and deleted when the money has left; the hint
(bank and the last four symbols) stays, so that the driver recognises the account.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from payments import audit
from payments.accounts import Gateways
from payments.belonging import belongs_to
from payments.errors import Conflict, WrongUsage
from payments.models import Movement, NoticeBody, Payment, Refund
from payments.payback import RefundClaim
from payments.provider import KnowsPayer, MovementKind, PayerAccount
from payments.secrets import Vault
from payments.service import lock_payment
from qr.banks import banks

#: NAPAS, VietQR format, 38.01.01: 1 to 19 letters and digits; no bank's number is shorter than 4.
_ACCOUNT = re.compile(r"[0-9A-Za-z]{4,19}", re.ASCII)
LONGEST_HOLDER = 70


@dataclass(frozen=True, slots=True)
class Payee:
    """A bank account money can be sent to. `bank` is a six-digit number (BIN) of a bank we know."""

    bank: str
    account: str
    holder: str

    @property
    def bank_name(self) -> str:
        """What people call the bank."""
        return banks()[self.bank].short_name

    @property
    def hint(self) -> str:
        """Enough to recognise the account, too little to misuse it."""
        return f"{self.bank_name} ****{self.account[-4:]}"


def read_payee(bank: str, account: str, holder: str) -> Payee:
    """A payee as people type it: the account with spaces or dots. Raises `WrongUsage`."""
    number, name = re.sub(r"[\s.\-]", "", account), " ".join(holder.split())
    if bank not in banks():
        raise WrongUsage("Please choose the bank the money goes to.")
    if not _ACCOUNT.fullmatch(number):
        raise WrongUsage(
            "%(account)s is not an account number; it has 4 to 19 digits or letters.",
            account=account.strip()[:30] or "—",
        )
    if not 1 < len(name) <= LONGEST_HOLDER or not any(letter.isalpha() for letter in name):
        raise WrongUsage("Please write the name of the account holder as the bank knows it.")
    return Payee(bank, number, name)


def payer_of(tx: Session, gateways: Gateways, payment: Payment) -> Payee | None:
    """The account the money of `payment` came from, as its notice tells; None when the rail does not
    know payers, when the raw notice was deleted, and when the account or its bank cannot be read."""
    if payment.account.provider not in gateways.registry:
        return None
    provider = gateways.provider(payment.account)
    if not isinstance(provider, KnowsPayer):
        return None
    told = tx.scalars(
        select(NoticeBody.body)
        .join(Movement, Movement.notice_id == NoticeBody.notice_id)
        .where(belongs_to([payment.id]), Movement.kind == MovementKind.RECEIPT)
        .order_by(Movement.amount.desc(), Movement.event_at, Movement.id)
    )
    named = (provider.payer(raw) for raw in told)
    return next((payee for payer in named if payer and (payee := _payee(payer))), None)


def _payee(payer: PayerAccount) -> Payee | None:
    """A bank told by number, code or short name; nothing when it is none of these."""
    wanted = payer.bank.strip().casefold()
    bank = next(
        (
            bank.bin
            for bank in banks().values()
            if wanted and wanted in (bank.bin, bank.code.casefold(), bank.short_name.casefold())
        ),
        None,
    )
    if bank is None or not _ACCOUNT.fullmatch(payer.account):
        return None
    return Payee(bank, payer.account, payer.holder)


def give(
    tx: Session, vault: Vault, refund_id: uuid.UUID, payee: Payee, actor: str, now: datetime
) -> RefundClaim:
    """Keep where the money of a refund goes; until it stands on a payout list it may be corrected.

    Raises `Conflict` when the refund is settled, or its claim on a list already.
    """
    refund = tx.get_one(Refund, refund_id)
    lock_payment(tx, refund.payment_id)
    tx.refresh(refund)
    # its own lock too: whoever makes a payout list locks claims and no payment
    alone = {"of": RefundClaim}
    claim = tx.get(RefundClaim, refund_id, populate_existing=True, with_for_update=alone)
    if refund.state != "asked" or (claim is not None and claim.payout_list_id is not None):
        raise Conflict("This money is on its way already; the account cannot be changed any more.")
    if claim is None:
        claim = RefundClaim(refund=refund)
        tx.add(claim)
    claim.sealed = vault.seal_parts(
        {"bank": payee.bank, "account": payee.account, "holder": payee.holder}
    )
    claim.hint, claim.given_by, claim.given_at = payee.hint, actor, now
    tx.flush()
    code = refund.payment.code
    audit.append(tx, actor, "refund_claim.give", code, {"hint": payee.hint}, now)
    return claim


def opened(vault: Vault, claim: RefundClaim) -> Payee | None:
    """The payee again; None once it was deleted. Raises `SecretUnreadable`."""
    return Payee(**vault.open_parts(claim.sealed)) if claim.sealed else None
