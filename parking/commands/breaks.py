"""`parking breaks`: every difference of a business day."""

from __future__ import annotations

import json
from datetime import date

import click

from parking.commands.inputs import DAY, Build
from parking.commands.speech import tell
from payments.money import format_amount
from reconciliation.breaks import list_breaks


@click.command()
@click.option("--date", "day", type=DAY, required=True, help="Business day.")
@click.option("--json", "as_json", is_flag=True, help="One JSON list for scripts.")
@click.pass_obj
def breaks(build: Build, day: date, as_json: bool) -> None:
    """Liệt kê chênh lệch của một ngày / List the differences of a business day."""
    with build().databases.read() as tx:
        found = list_breaks(tx, day)
    if as_json:
        click.echo(json.dumps([row.as_json() for row in found], ensure_ascii=False))
        return
    for row in found:
        amount = format_amount(row.difference, row.currency)
        sides = f"{row.payment or '-'}  {row.line or '-'}"
        click.echo(f"{row.kind}  {row.state}  {row.account}  {sides}  {amount}")
    tell("%(count)s differences on %(day)s.", count=len(found), day=day)
