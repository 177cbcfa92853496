"""People at work on differences: Lan proposes, Hùng approves; what the provider still owes."""

from __future__ import annotations

import uuid
from datetime import datetime
from functools import partial

from sqlalchemy import func as sql
from sqlalchemy import select

from payments.ledger import balances
from reconciliation.breaks import BreakRow
from reconciliation.invariants import check
from reconciliation.models import SETTLEMENT, Break, StatementLine
from reconciliation.resolving import deciding, tending
from reconciliation.resolving.deciding import Decision
from reconciliation.resolving.models import BreakAct
from reconciliation.resolving.service import Chosen, Deed, Outcome, do_to, do_to_one
from tests.reconciliation.kit import DAY, ONE, PRICE, World, altered, credit_line, night

LAN, HUNG = "person:lan", "person:hung"
LIMIT, BIG = 200_000, 500_000
NOON = night(DAY).replace(hour=5)


def decision(actor: str = LAN, words: str = "", limit: int = LIMIT) -> Decision:
    return Decision(actor, limit, NOON, words)


def resolving(reason: str, actor: str = LAN, words: str = "", limit: int = LIMIT) -> Deed:
    return partial(deciding.resolve, code=reason, decision=decision(actor, words, limit))


def undoing(actor: str = LAN, words: str = "Nhầm dòng", limit: int = LIMIT) -> Deed:
    return partial(deciding.undo, decision=decision(actor, words, limit))


def approving(actor: str = HUNG) -> Deed:
    return partial(deciding.approve, decision=decision(actor))


def refusing(actor: str = HUNG, words: str = "Chưa đủ chứng từ") -> Deed:
    return partial(deciding.refuse, decision=decision(actor, words))


def giving(owner: str | None, actor: str = LAN) -> Deed:
    return partial(tending.assign, owner=owner, actor=actor, now=NOON)


def saying(text: str, actor: str = LAN) -> Deed:
    return partial(tending.comment, text=text, actor=actor, now=NOON)


def one(world: World, kind: str) -> BreakRow:
    """The only difference of this class that is not explained by a file."""
    [found] = [row for row in everything(world) if row.kind == kind]
    return found


def everything(world: World) -> list[BreakRow]:
    """The differences of the first days, explained ones too."""
    return [row for ahead in range(4) for row in world.breaks(DAY + ahead * ONE)]


def work(world: World, break_id: uuid.UUID, deed: Deed, now: datetime = NOON) -> BreakAct:
    with world.databases.write.begin() as tx:
        done = do_to_one(tx, Chosen([break_id]), deed, now)
    assert isinstance(done, BreakAct)
    return done


def work_on(world: World, chosen: Chosen, deed: Deed, now: datetime = NOON) -> Outcome:
    with world.databases.write.begin() as tx:
        return do_to(tx, chosen, deed, now)


def balance(world: World, account: str, currency: str = "VND") -> int:
    with world.databases.read() as tx:
        return sum(b for _, name, money, b in balances(tx) if (name, money) == (account, currency))


def clearing(world: World, currency: str = "VND") -> int:
    """What the books say the provider still owes An Bình."""
    return balance(world, "clearing:an-binh", currency)


def their_word(world: World, currency: str = "VND") -> int:
    """What the provider's own lines say it took in, less what reached the bank."""
    lines = select(sql.coalesce(sql.sum(StatementLine.net), 0)).where(
        StatementLine.leg == SETTLEMENT,
        StatementLine.kind != "payout",
        StatementLine.currency == currency,
    )
    with world.databases.read() as tx:
        return int(tx.scalar(lines) or 0) - balance(world, "bank", currency)


def state_of(world: World, break_id: uuid.UUID) -> tuple[str, str | None]:
    with world.databases.read() as tx:
        row = tx.get_one(Break, break_id)
        return row.state, row.resolution


def rules_broken(world: World) -> set[str]:
    with world.databases.read() as tx:
        return {found.rule for found in check(tx)}


def missing(world: World, amount: int = PRICE) -> Break:
    """A payment that the day's complete file does not know."""
    world.pay("M", amount)
    world.settle(DAY)
    world.reconcile()
    with world.databases.read() as tx:
        return tx.get_one(Break, one(world, "missing_external").id)


def paid_out(world: World, *credits: int, batch: str | None = "") -> None:
    """A payment, its payout, and what the bank tells of the day after."""
    true = world.pay("A").line
    world.settle(DAY, true)
    told = [credit_line(DAY + ONE, amount) for amount in credits]
    if batch != "":
        told = [altered(x, rail_ref=batch) for x in told]
    world.credit(DAY)
    world.credit(DAY + ONE, *told)
    world.credit(DAY + 2 * ONE)
    world.settle(DAY + ONE)
    for later in range(3):
        world.reconcile(DAY + later * ONE, now=night(DAY + 3 * ONE))
