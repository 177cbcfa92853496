"""`parking statement import`: hand in a bank's statement from the command line."""

from __future__ import annotations

import json
from pathlib import Path

import click

from parking.commands.inputs import Build
from parking.commands.speech import both, tell
from parking.house import House
from parking.languages import mark
from parking.reports.upload_words import FATES
from payments.accounts import account_by_slug
from payments.errors import WrongUsage
from payments.models import MerchantAccount
from payments.money import format_amount
from reconciliation.models import Upload
from reconciliation.statements import LARGEST, format_of
from reconciliation.uploads.preview import Foreseen, Preview, foresee
from reconciliation.uploads.reading import read_for
from reconciliation.uploads.recording import KNOWN
from reconciliation.uploads.service import accept

#: Rows printed by a preview.
SHOWN = 20
#: Who does it, in the audit: somebody with a shell on our machine.
ACTOR = "command"


@click.group()
def statement() -> None:
    """Sao kê ngân hàng / Bank statements."""


@statement.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--account", "slug", required=True, help="Merchant account the money came in on.")
@click.option("--preview", is_flag=True, help="Only show what would be recorded.")
@click.option("--despite-gap", is_flag=True, help="Confirm that balances do not continue.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object for scripts.")
@click.pass_obj
def hand_in(
    build: Build, file: Path, slug: str, preview: bool, despite_gap: bool, as_json: bool
) -> None:
    """Nhập sao kê ngân hàng / Take in a bank's statement: CSV, XLSX, MT940 or camt.053."""
    house, raw = build(), _bytes(file)
    with house.databases.read() as tx:
        account = account_by_slug(tx, slug)
    if preview:
        _show(house, account, file.name, raw, as_json=as_json)
        return
    done = _take_in(house, account, file.name, raw, despite_gap=despite_gap)
    if as_json:
        click.echo(json.dumps(plain(done), ensure_ascii=False))
        return
    for line in outcome(done):
        click.echo(line)


def _bytes(file: Path) -> bytes:
    try:
        with file.open("rb") as opened:
            return opened.read(LARGEST + 1)
    except OSError as error:
        raise WrongUsage(
            mark("%(path)s cannot be read: %(reason)s."), path=file, reason=error.strerror
        ) from error


def _take_in(
    house: House, account: MerchantAccount, name: str, raw: bytes, *, despite_gap: bool
) -> Upload:
    """The upload at its end; says how far it is meanwhile, and whether it was known."""
    now = house.clock()
    steps = accept(
        house.databases.write, house.gateways, account, name, raw, ACTOR, now,
        despite_gap=despite_gap,
    )  # fmt: skip
    first = upload = next(steps)
    if first.state == "done":
        tell(mark("This very file was taken in before; nothing has changed."))
    for upload in steps:
        tell(mark("%(done)s of %(all)s rows recorded"), done=upload.recorded, all=upload.entries)
    return upload


def _show(house: House, account: MerchantAccount, name: str, raw: bytes, *, as_json: bool) -> None:
    statement = read_for(account, name, raw, house.clock())
    with house.databases.read() as tx:
        found = foresee(tx, account, statement)
    if as_json:
        click.echo(
            json.dumps({"format": format_of(raw), **plain_preview(found)}, ensure_ascii=False)
        )
        return
    click.echo(f"{both(mark('Format'))}: {format_of(raw)}")
    for line in (*_facts(found), *map(_row, found.rows[:SHOWN])):
        click.echo(line)
    if len(found.rows) > SHOWN:
        tell(mark("… and %(count)s more rows"), count=len(found.rows) - SHOWN)
    tell(mark("Nothing was recorded; without --preview it will be."))


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
    lines += [f"{both(FATES[fate])}: {count}" for fate, count in sorted(found.fates.items())]
    if not found.timed:
        lines.append(both(mark("The bank gives no time of day: noon is taken.")))
    return lines


def _row(found: Foreseen) -> str:
    row = found.row
    amount = format_amount(row.entry.amount, row.currency)
    words = f"{both(FATES[found.fate])} {found.code or ''}".rstrip()
    return f"{row.event_at:%d/%m/%Y %H:%M}  {amount}  {row.entry.reference or '-'}  {words}"


def outcome(done: Upload) -> list[str]:
    """What became of a statement, for a person."""
    counted = [f"{both(FATES[fate])}: {done.tally.get(fate, 0)}" for fate in FATES]
    known = both(mark("Known before"))
    return [*counted, f"{known}: {done.tally.get(KNOWN, 0)}"]


def plain(done: Upload) -> dict[str, object]:
    """An upload for scripts: `rows` says what became of them, `known` how many were known before."""
    return {
        "id": str(done.id),
        "file": done.name,
        "sha256": done.sha256,
        "state": done.state,
        "account_number": done.number,
        "since": done.since.isoformat(),
        "until": done.until.isoformat(),
        "opening": done.opening,
        "closing": done.closing,
        "entries": done.entries,
        "rows": {fate: done.tally.get(fate, 0) for fate in FATES},
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
        "rows": {fate: found.fates[fate] for fate in FATES},
    }
