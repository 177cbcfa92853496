"""`parking cards`: a lot's numbered cards, new ones or old ones again, as sheets for the printer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import click
from sqlalchemy.orm import Session

from parking.cards.models import Card
from parking.cards.service import cards_between, make_cards
from parking.cards.sheets import sheets
from parking.commands.inputs import Build
from parking.commands.output import write
from parking.commands.speech import tell
from parking.house import House
from parking.languages import mark
from parking.lots.models import Lot
from parking.lots.service import lot_by_number
from parking.people.service import COMMAND_LINE
from payments.errors import WrongUsage


@dataclass(frozen=True)
class Wish:
    """Either `count` new cards, or those from `first` to `last` once more."""

    count: int | None
    first: int | None
    last: int | None

    def check(self) -> None:
        """Raises `WrongUsage` unless it is exactly one of the two."""
        again = (self.first is not None, self.last is not None)
        if (self.count is None) != all(again) or (self.count is not None and any(again)):
            raise WrongUsage(
                mark("Give --count for new cards, or --from and --to to print old ones again.")
            )


@click.command()
@click.option("--lot", required=True, help="NUMBER")
@click.option("--count", type=int, help="Thẻ mới, đánh số tiếp / New cards, numbered on.")
@click.option("--from", "first", type=int, help="In lại từ số này / Print again from this number,")
@click.option("--to", "last", type=int, help="đến số này / to this one.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="PDF; - is stdout.")
@click.pass_obj
def cards(
    build: Build, lot: str, count: int | None, first: int | None, last: int | None, out: Path
) -> None:
    """In thẻ gửi xe có mã QR / Print a lot's QR cards, ten to an A4 page."""
    wish = Wish(count, first, last)
    wish.check()
    house = build()
    with house.databases.write.begin() as tx:
        found = lot_by_number(tx, lot)
        printed = _wanted(tx, house, found, wish)
    tell(
        "Lot %(lot)s: cards %(first)s to %(last)s.",
        lot=found.number,
        first=printed[0].label,
        last=printed[-1].label,
    )
    write(out, sheets(house.keys, house.config.public_url, found, printed))


def _wanted(tx: Session, house: House, lot: Lot, wish: Wish) -> Sequence[Card]:
    if wish.count is not None:
        return make_cards(tx, lot, wish.count, COMMAND_LINE, house.clock())
    return cards_between(tx, lot, wish.first or 0, wish.last or 0)
