"""`parking simulate`: one city day through the real services, and the truth about it."""

from __future__ import annotations

import json
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import click

from parking.commands.inputs import DAY, Build
from parking.commands.output import write
from parking.commands.speech import both, in_both, tell
from parking.languages import mark, translate
from parking.simulate.closing import close_day
from parking.simulate.day import Order, Progress, play
from parking.simulate.truth import Truth
from payments.errors import WrongUsage
from payments.money import format_amount

TRUTH = "truth.json"


class Share(click.FloatRange):
    """A number from 0 to 1; "not a number" is none."""

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> float:
        """Raises `BadParameter` for anything else."""
        share = super().convert(value, param, ctx)
        return share if share == share else self.fail(f"{value} is not in the range", param, ctx)


@click.command()
@click.option("--date", "day", type=DAY, required=True, help="Business day, played once.")
@click.option("--sessions", type=click.IntRange(1, 1_000_000), required=True, help="Vehicles.")
@click.option("--seed", type=int, default=1, help="The same seed, the same day.")
@click.option("--faults", type=Share(0, 1), default=0.0, help="Share of payments settled wrongly.")
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    required=True,
    help="DIR for truth.json.",
)
@click.option("--close", is_flag=True, help="Then compare and close it, as far as it is explained.")
@click.pass_obj
def simulate(
    build: Build, day: date, sessions: int, seed: int, faults: float, out: Path, close: bool
) -> None:
    """Chạy thử một ngày của thành phố / Play one city day through the real services."""
    make_folder(out)
    house = build()
    truth = play(house, Order(day, sessions, seed, faults), show)
    path = out / TRUTH
    content = json.dumps(truth.as_json(), ensure_ascii=False, indent=2) + "\n"
    write(path, content.encode())
    for line in summary(truth, path):
        click.echo(line)
    for operator, left in close_day(house, day) if close else ():
        click.echo(closing_line(operator, left))


def make_folder(path: Path) -> None:
    """Before anything is played. Raises `WrongUsage` naming a place that cannot be made."""
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WrongUsage(
            mark("%(path)s cannot be written: %(reason)s."), path=path, reason=error.strerror
        ) from error


def show(progress: Progress) -> None:
    """One line for every hour of the played day."""
    tell(
        "%(hour)s: %(entered)s vehicles came in, %(payments)s payments",
        hour=f"{progress.at:%d/%m %H:%M}",
        entered=progress.entered,
        payments=progress.payments,
    )


def summary(truth: Truth, path: Path) -> list[str]:
    """What was played, for a person."""
    wrong = [*truth.faults, *truth.credits]
    kinds = Counter(seeded.fault.kind for seeded in wrong)
    told = ", ".join(f"{kind} {count}" for kind, count in sorted(kinds.items())) or "-"
    day, diary = truth.day.isoformat(), truth.diary
    cash = sum(row.amount for row in diary.cash)
    return [
        _with_sum(
            "%(day)s: %(sessions)s sessions, %(payments)s payments, %(gross)s",
            truth.gross,
            day=day,
            sessions=truth.sessions,
            payments=truth.payments,
        ),
        _with_sum(
            "Cash: %(count)s payments, %(gross)s in %(shifts)s shifts; wrong counts: %(wrong)s",
            cash,
            count=len(diary.cash),
            shifts=len(diary.shifts),
            wrong=len(truth.wrong_counts),
        ),
        both(
            "Faults in the settlement and bank files: %(count)s (%(kinds)s)",
            count=len(wrong),
            kinds=told,
        ),
        both(
            "The truth stands in %(path)s; now run: parking reconcile --date %(day)s",
            path=path,
            day=day,
        ),
    ]


def closing_line(operator: str, left: int) -> str:
    """Whether `operator` closed its day; `left` points keep it open."""
    if left:
        return both(
            "%(operator)s: %(count)s points keep the day open", operator=operator, count=left
        )
    return both("%(operator)s: the day is closed", operator=operator)


def _with_sum(sentence: str, gross: int, **parts: object) -> str:
    """The sentence with its sum as each language writes it."""
    vietnamese, english = (
        translate(sentence, language, gross=format_amount(gross, language=language), **parts)
        for language in ("vi", "en")
    )
    return in_both(vietnamese, english)
