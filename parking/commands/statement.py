"""`parking statement import`: hand in a bank's statement or a provider's file from the command line."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import click

from parking.commands import settlement_words
from parking.commands.handed_file import read_once, tell_reading, watched
from parking.commands.inputs import Build
from parking.commands.speech import both, tell
from parking.commands.statement_mapping import mapping
from parking.house import House
from parking.languages import mark
from parking.reports.upload_words import BANK_FATES, FATES, PAYOUT_FATES, tallied
from payments.accounts import account_by_slug
from payments.models import MerchantAccount
from payments.money import format_amount
from reconciliation.statements import format_of
from reconciliation.statements.vocabulary import BANK, MEANINGS, SETTLEMENT
from reconciliation.uploads.mappings import current
from reconciliation.uploads.models import Upload
from reconciliation.uploads.preview import Foreseen, Preview, foresee
from reconciliation.uploads.reading import means_of, read_for, settlement_for
from reconciliation.uploads.recording import KNOWN
from reconciliation.uploads.service import accept
from reconciliation.uploads.settlement_preview import foresee_settlement

#: Rows printed by a preview.
SHOWN = 20
#: A preview for scripts, its lines for people, and how many rows are not among them.
Shown = tuple[dict[str, object], list[str], int]
#: Who does it, in the audit: somebody with a shell on our machine.
ACTOR = "command"


@click.group()
def statement() -> None:
    """Sao kê và tệp đối soát / Bank statements and settlement files."""


statement.add_command(mapping)


@statement.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--account", "slug", required=True, help="Merchant account the money came in on.")
@click.option(
    "--as", "means", type=click.Choice(MEANINGS), help="What it is; else the account says."
)
@click.option("--preview", is_flag=True, help="Only show what would be recorded.")
@click.option("--despite-gap", is_flag=True, help="Confirm that balances do not continue.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for scripts.")
@click.pass_obj
def hand_in(
    build: Build,
    file: Path,
    slug: str,
    means: str | None,
    preview: bool,
    despite_gap: bool,
    as_json: bool,
) -> None:
    """Nhập sao kê hay tệp đối soát / Take in a bank's statement or a provider's settlement file."""
    raw, house = read_once(file), build()
    with house.databases.read() as tx:
        account = account_by_slug(tx, slug)
    handed = Handed(account, file.name, raw, means or means_of(account, raw))
    if preview:
        _show(house, handed, as_json=as_json)
        return
    done = _take_in(house, handed, despite_gap=despite_gap)
    if as_json:
        click.echo(json.dumps(plain(done), ensure_ascii=False))
        return
    for line in outcome(done):
        click.echo(line)


@dataclass(frozen=True, slots=True)
class Handed:
    """A file as it was typed: whose, its name and bytes, and what it means."""

    account: MerchantAccount
    name: str
    raw: bytes
    means: str


def _take_in(house: House, handed: Handed, *, despite_gap: bool) -> Upload:
    """The upload at its end; says how far it is meanwhile, and whether it was known."""
    steps = accept(
        house.databases.write, house.gateways, handed.account, handed.name, handed.raw, ACTOR,
        house.clock(), means=handed.means, despite_gap=despite_gap,
    )  # fmt: skip
    tell_reading(handed.raw)
    first = next(steps)
    if first.state == "done":
        tell(mark("This very file was taken in before; nothing has changed."))
    return watched(first, steps)


def _show(house: House, handed: Handed, *, as_json: bool) -> None:
    said = {"format": format_of(handed.raw)}
    show = _show_bank if handed.means == BANK else _show_settlement
    found, lines, more = show(house, handed)
    if as_json:
        click.echo(json.dumps({**said, **found}, ensure_ascii=False))
        return
    click.echo(f"{both(mark('Format'))}: {said['format']}")
    for line in lines:
        click.echo(line)
    if more > 0:
        tell(mark("… and %(count)s more rows"), count=more)
    tell(mark("Nothing was recorded; without --preview it will be."))


def _show_bank(house: House, handed: Handed) -> Shown:
    account = handed.account
    with house.databases.read() as tx:
        by = current(tx, account, BANK)
        told = read_for(account, handed.name, handed.raw, by, house.clock())
        found = foresee(tx, account, told, by)
    lines = [*_facts(found), *map(_row, found.rows[:SHOWN])]
    return plain_preview(found), lines, len(found.rows) - SHOWN


def _show_settlement(house: House, handed: Handed) -> Shown:
    account, now = handed.account, house.clock()
    with house.databases.read() as tx:
        by = current(tx, account, SETTLEMENT)
        file = settlement_for(account, handed.name, handed.raw, by, now)
        found = foresee_settlement(tx, account, file, now, shown=SHOWN)
    rows = [settlement_words.row(line) for _, line in found.first]
    lines = [*settlement_words.facts(found, account.currency), *rows]
    return settlement_words.plain(found), lines, file.table.sums.count - SHOWN


def _facts(found: Preview) -> list[str]:
    told, money = found.statement, found.statement.currency
    credits, credited = found.credited
    debits, debited = found.debited
    facts = {
        mark("Account number"): told.account,
        mark("Period"): f"{told.since:%d/%m/%Y} – {told.until:%d/%m/%Y}",
        mark("Opening balance"): format_amount(told.opening, money),
        mark("Credits"): f"{credits} · {format_amount(credited, money)}",
        mark("Debits"): f"{debits} · {format_amount(debited, money)}",
        mark("Closing balance"): format_amount(told.closing, money),
    }
    lines = [f"{both(label)}: {value}" for label, value in facts.items()]
    lines += [f"{both(BANK_FATES[fate])}: {count}" for fate, count in sorted(found.fates.items())]
    if not found.timed:
        lines.append(both(mark("The bank gives no time of day: noon is taken.")))
    return lines


def _row(found: Foreseen) -> str:
    row = found.row
    amount = format_amount(row.entry.amount, row.currency)
    words = f"{both(BANK_FATES[found.fate])} {found.code or ''}".rstrip()
    return f"{row.event_at:%d/%m/%Y %H:%M}  {amount}  {row.entry.reference or '-'}  {words}"


def outcome(done: Upload) -> list[str]:
    """What became of a statement, for a person."""
    counted = [f"{both(label)}: {count}" for label, count in tallied(done).values()]
    known = both(mark("Known before"))
    return [*counted, f"{known}: {done.tally.get(KNOWN, 0)}"]


def plain(done: Upload) -> dict[str, object]:
    """An upload for scripts: `rows` says what became of them, `known` how many were known before."""
    return {
        "id": str(done.id),
        "file": done.name,
        "sha256": done.sha256,
        "means": done.means,
        "state": done.state,
        "account_number": done.number,
        "since": done.since.isoformat(),
        "until": done.until.isoformat(),
        "opening": done.opening,
        "closing": done.closing,
        "entries": done.entries,
        "rows": {name: count for name, (_, count) in tallied(done).items()},
        "known": done.tally.get(KNOWN, 0),
    }


def plain_preview(found: Preview) -> dict[str, object]:
    """A preview for scripts; amounts are minor units, debits are not negative."""
    told = found.statement
    credits, credited = found.credited
    debits, debited = found.debited
    return {
        "account_number": told.account,
        "currency": told.currency,
        "since": told.since.isoformat(),
        "until": told.until.isoformat(),
        "opening": told.opening,
        "closing": told.closing,
        "credits": {"count": credits, "sum": credited},
        "debits": {"count": debits, "sum": debited},
        "rows": {fate: found.fates[fate] for fate in (PAYOUT_FATES if found.of_payouts else FATES)},
    }
