"""`parking trace`: where one dong came from and where it went."""

from __future__ import annotations

import json

import click

from parking.commands.inputs import Build
from parking.commands.speech import in_both
from parking.trace.model import Step
from parking.trace.service import trace as follow
from payments.db import CITY_ZONE
from payments.money import format_amount


@click.command()
@click.argument("query", nargs=-1, required=True)
@click.option("--json", "as_json", is_flag=True, help="One JSON object for scripts.")
@click.pass_obj
def trace(build: Build, query: tuple[str, ...], as_json: bool) -> None:
    """Lần theo một khoản tiền / Follow one amount by any id, code or reference."""
    with build().databases.read() as tx:
        found = follow(tx, " ".join(query))
    if as_json:
        click.echo(json.dumps(found.as_json(), ensure_ascii=False, indent=2))
        return
    for step in found.steps:
        click.echo(describe(step))
    for share in found.shares:
        click.echo(f"    {share.line_ref}  {share.payment or '—'}  {share.gross:,}")


def describe(step: Step) -> str:
    """A step on one line: time, ``?`` where it is still missing, amount, words, reference, figures."""
    moment = step.at or step.recorded_at
    when = moment.astimezone(CITY_ZONE).strftime("%Y-%m-%d %H:%M:%S") if moment else " " * 19
    amount = "" if step.amount is None else format_amount(step.amount, step.currency, "en")
    words = in_both(step.text("vi"), step.text("en"))
    mark = "?" if step.missing else " "
    figures = " ".join(f"{name}={figure}" for name, figure in step.figures.items())
    return f"{when} {mark} {amount:>16}  {words}  {step.reference}  {figures}".rstrip()
