"""`parking rules`: what the comparison takes for not parking, what it lets pass as rounding, and how
long it waits."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from typing import Any

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from parking.commands.inputs import Build
from parking.commands.speech import explained, tell
from parking.languages import mark
from parking.lots.service import operator_by_code
from payments.accounts import account_by_slug
from payments.errors import Complaint, NotFound, WrongUsage
from payments.models import MerchantAccount
from payments.money import format_amount
from reconciliation.models import BANK, SETTLEMENT, StatementLine
from reconciliation.rules import deciding
from reconciliation.rules.deciding import Proposal
from reconciliation.rules.finding import Preview, named_by_rule, preview, rules_of
from reconciliation.rules.models import OTHER_KIND, TOLERANCE, WINDOW, LineRule

#: Who does it, in the audit: somebody with a shell on our machine. Never the second person, so there is
#: no command that approves: somebody of finance does, on the page of the rules.
ACTOR = "command"
SIGNS = {"in": 1, "out": -1}
ENDED = ("retired", "refused")


@click.group()
def rules() -> None:
    """Quy tắc đối soát / Rules: lines that are not parking, tolerances, windows."""


@rules.command("list")
@click.option("--operator", help="Code of one operator; without it all of them.")
@click.option("--ended", is_flag=True, help="Retired and refused ones as well.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list for scripts.")
@click.pass_obj
def list_rules(build: Build, operator: str | None, ended: bool, as_json: bool) -> None:
    """Liệt kê quy tắc / List the rules, the newest first."""
    with build().databases.read() as tx:
        found = [rule for rule in rules_of(tx, operator) if ended or rule.state not in ENDED]
        told = _told(tx, found)
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for one in told:
        click.echo(_line(one))
    tell(mark("%(count)s rules."), count=len(told))


@rules.command()
@click.argument("rule_id", metavar="ID", type=click.UUID)
@click.option("--json", "as_json", is_flag=True, help="One JSON object for scripts.")
@click.pass_obj
def show(build: Build, rule_id: uuid.UUID, as_json: bool) -> None:
    """Xem một quy tắc / One rule, and while it waits, which lines it would name."""
    house = build()
    with house.databases.read() as tx:
        rule = tx.get(LineRule, rule_id)
        if rule is None:
            raise NotFound("There is no such rule.")
        waits = rule.state == "waiting" and rule.kind == OTHER_KIND
        foreseen = preview(tx, rule, house.clock()) if waits else Preview((), (), {})
        (told,) = _told(tx, [rule])
    if as_json:
        would_name = [_named(line, foreseen) for line in foreseen.lines]
        click.echo(json.dumps(told | {"would_name": would_name}, ensure_ascii=False))
        return
    click.echo(_line(told))
    for line in foreseen.lines:
        amount = format_amount(line.gross, line.currency)
        click.echo(f"    {line.book_day}  {amount}  {line.text}")
    for one in foreseen.sums:
        total = format_amount(one.total, one.currency)
        told_them = mark("It would name %(count)s lines of the last 90 days, %(total)s together.")
        tell(told_them, count=one.count, total=total)


@rules.command()
@click.option("--operator", help="For all accounts of this operator.")
@click.option("--account", help="For this merchant account.")
@click.option("--leg", type=click.Choice((SETTLEMENT, BANK)), required=True, help="Which files.")
@click.option("--sign", type=click.Choice(list(SIGNS)), required=True, help="Money in or out.")
@click.option("--words", default="", help="Phrases that all stand in the text, divided by ;")
@click.option("--party", default="", help="Words of the other side's name, or its account number.")
@click.option("--label", required=True, help="What such money is.")
@click.option("--least", type=int, help="Smallest amount, in minor units.")
@click.option("--most", type=int, help="Largest amount, in minor units.")
@click.option("--follows", type=click.UUID, metavar="ID", help="The rule this is to replace.")
@click.pass_obj
def propose(build: Build, /, operator: str | None, account: str | None, sign: str,
            follows: uuid.UUID | None, **says: Any) -> None:  # fmt: skip
    """Đề xuất quy tắc / Propose a rule: which lines are not parking."""
    house = build()
    with house.databases.write.begin() as tx:
        whose, mine = _place(tx, operator, account)
        series = _series(tx, follows) if follows else None
        asked = Proposal(whose, mine.id if mine else None, sign=SIGNS[sign], series=series, **says)
        rule = deciding.propose(tx, asked, ACTOR, house.clock())
    _proposed(rule)


@rules.command()
@click.option("--account", required=True, help="Merchant account.")
@click.option("--amount", type=int, required=True, help="Minor units the sides may differ by.")
@click.pass_obj
def tolerance(build: Build, account: str, amount: int) -> None:
    """Đề xuất dung sai / Propose by how much the two sides of a pair may differ."""
    house = build()
    with house.databases.write.begin() as tx:
        mine = account_by_slug(tx, account)
        rule = deciding.propose_tolerance(tx, mine, amount, ACTOR, house.clock())
    _proposed(rule)


@rules.command()
@click.option("--operator", help="For all accounts of this operator.")
@click.option("--account", help="For this merchant account.")
@click.option("--days", type=int, required=True, help="Days before what has not come is missing.")
@click.pass_obj
def window(build: Build, operator: str | None, account: str | None, days: int) -> None:
    """Đề xuất số ngày chờ / Propose after how many days what has not come is missing."""
    house = build()
    with house.databases.write.begin() as tx:
        whose, mine = _place(tx, operator, account)
        rule = deciding.propose_window(tx, whose, mine, days, ACTOR, house.clock())
    _proposed(rule)


def _place(
    tx: Session, operator: str | None, account: str | None
) -> tuple[str, MerchantAccount | None]:
    """The operator, and the account unless all of the operator's are meant."""
    if (operator is None) == (account is None):
        raise WrongUsage(mark("Give either --operator or --account."))
    mine = account_by_slug(tx, account) if account else None
    return mine.operator if mine else operator_by_code(tx, operator or "").code, mine


@rules.command()
@click.argument("rule_id", metavar="ID", type=click.UUID)
@click.pass_obj
def retire(build: Build, rule_id: uuid.UUID) -> None:
    """Dừng hoặc bác quy tắc / End a rule, or refuse one that waits."""
    house = build()
    with house.databases.write.begin() as tx:
        rule = deciding.retire(tx, rule_id, ACTOR, house.clock())
        told = Complaint(mark("“%(label)s” no longer counts."), label=deciding.called(rule))
    click.echo(explained(told), err=True)


def _series(tx: Session, rule_id: uuid.UUID) -> uuid.UUID:
    rule = tx.get(LineRule, rule_id)
    if rule is None:
        raise NotFound("There is no such rule.")
    return rule.series


def _proposed(rule: LineRule) -> None:
    tell(mark("Proposed; somebody of finance has to approve it on the page of the rules."))
    click.echo(rule.id)


def _told(tx: Session, found: Sequence[LineRule]) -> list[dict[str, object]]:
    """The rules for scripts; amounts in minor units, `names` how many lines one names now."""
    named = named_by_rule(tx, [rule.id for rule in found])
    accounts = {rule.account_id for rule in found} - {None}
    query = select(MerchantAccount).where(MerchantAccount.id.in_(accounts))
    slugs = {account.id: account.slug for account in tx.scalars(query)}
    return [
        {
            "id": str(rule.id), "state": rule.state, "kind": rule.kind, "version": rule.version,
            "operator": rule.operator, "account": slugs.get(rule.account_id or rule.id),
            "leg": rule.leg, "words": rule.words, "party": rule.party, "sign": rule.sign, "least": rule.least,
            "most": rule.most, "tolerance": rule.tolerance, "days": rule.days,
            "label": rule.label, "names": named[rule.id], "proposed_by": rule.proposed_by,
            "approved_by": rule.approved_by,
        }
        for rule in found
    ]  # fmt: skip


def _named(line: StatementLine, foreseen: Preview) -> dict[str, object]:
    """A line that a rule would name, for scripts."""
    party = foreseen.parties.get(line.id)
    return {
        "day": line.book_day.isoformat(), "amount": line.gross, "currency": line.currency,
        "text": line.text, "party": [party.name, party.account] if party else None,
    }  # fmt: skip


def _line(told: Mapping[str, object]) -> str:
    where = told["account"] or told["operator"]
    begin = f"{told['id']}  {told['state']}  {where}"
    if told["kind"] == WINDOW:
        return f"{begin}  {told['days']} d  {told['proposed_by']}"
    begin += f"  {told['leg']}"
    if told["kind"] == TOLERANCE:
        return f"{begin}  ±{told['tolerance']}  {told['proposed_by']}"
    way = "in" if told["sign"] == 1 else "out"
    bounds = f"{told['least'] or ''}–{told['most'] or ''}"
    party = f"  ⇄ “{told['party']}”" if told["party"] else ""
    return f"{begin}  {way}  {bounds}  “{told['words']}”{party}  {told['label']}  {told['names']}"
