"""The administrator's list of a lot's cards: where each is, new ones, printing, what became of one."""

from __future__ import annotations

from io import BytesIO

import pypdfium2
import pytest

from parking.cards.service import CardAct
from parking.sessions.card_list import Whereabouts, count_by_place, listed_cards
from parking.sessions.exits import Leaving, Proof, record_exit
from parking.sessions.models import ParkingSession
from tests.cards.kit import arrive, card_now, change, make
from tests.driver.kit import plain
from tests.kit import Town
from tests.web.kit import Browser

CARDS = "/admin/lots/HK01/cards"


@pytest.fixture
def an(town: Town) -> Browser:
    """An's desk: the administrator."""
    browser = Browser(town.house)
    browser.become("admin")
    return browser


def leave(town: Town, stay: ParkingSession, proof: Proof) -> None:
    with town.house.databases.write.begin() as tx:
        record_exit(tx, stay.id, Leaving("person:hoa", town.now, proof), town.now)


def places(town: Town) -> list[tuple[Whereabouts, str]]:
    with town.house.databases.read() as tx:
        rows = listed_cards(tx, town.lots["HK01"].id, town.now)
    return [(row.where, row.stay.plate if row.stay else "") for row in rows]


def test_the_list_tells_where_every_card_is(town: Town) -> None:
    cards = make(town, 6)
    make(town, 1, "DD01")
    arrive(town, cards[0], "29-B1 234.56", "motorbike")
    leave(town, arrive(town, cards[1], "29-B1 999.99", "motorbike"), Proof.PAPERS)
    leave(town, arrive(town, cards[2]), Proof.CARD)
    change(town, cards[3], CardAct.LOST)
    change(town, cards[4], CardAct.BLOCK)
    assert places(town) == [
        (Whereabouts.OUT, "29-B1 234.56"),
        (Whereabouts.NOT_RETURNED, "29-B1 999.99"),
        (Whereabouts.READY, ""),
        (Whereabouts.LOST, ""),
        (Whereabouts.BLOCKED, ""),
        (Whereabouts.READY, ""),
    ]
    with town.house.databases.read() as tx:
        counts = count_by_place(listed_cards(tx, town.lots["HK01"].id, town.now))
    assert counts == {"ready": 2, "out": 1, "not_returned": 1, "lost": 1, "blocked": 1}


def test_a_card_that_came_back_later_is_ready_and_an_old_loss_is_forgotten(town: Town) -> None:
    first, second, _ = make(town)
    for card in (first, second):
        leave(town, arrive(town, card), Proof.PAPERS)
    town.clock.forward(hours=1)
    leave(town, arrive(town, first), Proof.CARD)
    assert [where for where, _ in places(town)] == ["ready", "not_returned", "ready"]
    town.clock.forward(days=32)
    assert [where for where, _ in places(town)] == ["ready"] * 3


def test_cards_are_made_and_printed(town: Town, an: Browser) -> None:
    assert "Bãi xe này chưa có thẻ" in plain(an.get(CARDS))
    answer = an.post(CARDS, page=CARDS, count="12")
    assert answer.headers["Location"] == f"{CARDS}?first=0001&last=0012"
    assert "In thẻ 0001–0012 (PDF)" in plain(an.get(answer.headers["Location"]))
    pdf = an.get(f"{CARDS}.pdf?first=1&last=12")
    assert pdf.content_type == "application/pdf"
    assert 'filename="cards-HK01-0001-0012.pdf"' in pdf.headers["Content-Disposition"]
    assert len(pypdfium2.PdfDocument(BytesIO(pdf.data))) == 2
    assert an.get(f"{CARDS}.pdf?first=1&last=13").status_code == 404
    assert an.get(f"{CARDS}.pdf?first=x").status_code == 400


@pytest.mark.parametrize("count", ["", "x", "0", "501", "-5", "9" * 30])
def test_an_impossible_number_of_cards_is_explained(town: Town, an: Browser, count: str) -> None:
    assert an.post(CARDS, page=CARDS, count=count).status_code == 400
    assert places(town) == []


def test_a_card_is_blocked_lost_and_found_from_the_list(town: Town, an: Browser) -> None:
    card = make(town)[0]
    arrive(town, card, "29-B1 234.56", "motorbike")
    for word, state in (
        ("block", "blocked"), ("unblock", "ready"), ("lost", "lost"), ("found", "ready"),
    ):  # fmt: skip
        assert an.post(f"{CARDS}/1/{word}", page=CARDS).status_code == 303
        assert card_now(town, card).state == state
    assert an.post(f"{CARDS}/9/block", page=CARDS).status_code == 404


def test_the_list_is_searched_by_number_and_place(town: Town, an: Browser) -> None:
    cards = make(town, 120)
    arrive(town, cards[41], "29-B1 234.56", "motorbike")
    found = plain(an.get(f"{CARDS}?q=0042"))
    assert "29-B1 234.56, từ 08:00 20/11/2026" in found
    assert "#0041" not in found
    assert "#0001" not in plain(an.get(f"{CARDS}?place=out"))
    assert "Còn 20 thẻ nữa" in plain(an.get(CARDS))
    assert "Không có thẻ như vậy" in plain(an.get(f"{CARDS}?place=lost"))
