"""Making and finding cards, and what may become of one."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from parking.cards.models import Card, card_label
from parking.cards.service import (
    HIGHEST,
    CardAct,
    CardOfAnotherLot,
    CardUnusable,
    card_number,
    cards_between,
    make_cards,
    shown_card,
)
from parking.languages import explain
from payments.db import new_id
from payments.errors import NotFound, WrongUsage
from tests.cards.kit import acts_on, card_now, card_path, change, make
from tests.kit import Town
from tests.payments.kit import at_once


def find(town: Town, text: str, lot: str = "HK01") -> Card:
    with town.house.databases.read() as tx:
        return shown_card(tx, town.house.keys, town.lots[lot], text)


def test_cards_are_numbered_on_in_each_lot(town: Town) -> None:
    make(town, 3)
    more = make(town, 2)
    assert [card.label for card in more] == ["#0004", "#0005"]
    assert [card.label for card in make(town, 1, "DD01")] == ["#0001"]
    assert acts_on(town, "lot:HK01") == ["card.make", "card.make"]


def test_two_who_make_cards_at_once_get_different_numbers(town: Town) -> None:
    made = at_once([lambda: make(town, 20)] * 4)
    assert not [found for found in made if isinstance(found, Exception)]
    with town.house.databases.read() as tx:
        assert list(tx.scalars(select(Card.number).order_by(Card.number))) == [*range(1, 81)]


@pytest.mark.parametrize("count", [0, -1, 501])
def test_an_impossible_number_of_cards_is_refused(town: Town, count: int) -> None:
    with pytest.raises(WrongUsage, match="1 to"):
        make(town, count)


def test_numbers_end_where_a_card_ends(town: Town) -> None:
    with town.house.databases.write.begin() as tx:
        tx.add(
            Card(
                id=new_id(),
                lot_id=town.lots["HK01"].id,
                number=HIGHEST,
                made_by="x",
                made_at=town.now,
            )
        )
    with pytest.raises(WrongUsage) as refused:
        make(town, 1)
    assert "đã có thẻ đến số #999999" in explain(refused.value)


@pytest.mark.parametrize("text", ["2", "0002", "#0002", " #2 "])
def test_a_card_is_found_as_people_type_it(town: Town, text: str) -> None:
    wanted = make(town)[1]
    assert find(town, text).id == wanted.id


def test_a_card_is_found_by_its_code_on_any_host(town: Town) -> None:
    wanted = make(town)[1]
    path = card_path(town, wanted)
    for host in ("", "https://p.example.vn", "HTTP://127.0.0.1:8330"):
        assert find(town, f" {host}{path}\n").id == wanted.id


def test_a_card_of_another_lot_is_told_apart_with_both_names(town: Town) -> None:
    make(town)
    theirs = make(town, 1, "DD01")[0]
    with pytest.raises(CardOfAnotherLot) as refused:
        find(town, card_path(town, theirs))
    assert explain(refused.value) == (
        "Thẻ #0001 là của bãi DD01 (Bãi xe Chùa Bộc), không phải của bãi HK01"
        " (Bãi xe Trần Quang Khải)."
    )


def test_a_number_nobody_printed_names_the_last_one(town: Town) -> None:
    with pytest.raises(NotFound, match="has no cards yet"):
        find(town, "1")
    make(town, 3)
    with pytest.raises(NotFound, match="no card #0009; its last one is #0003"):
        find(town, "9")


def test_an_altered_code_is_no_card(town: Town) -> None:
    path = card_path(town, make(town)[0])
    for altered in (path[:-1], path.replace("/1/", "/2/"), path.replace("HK01", "DD01"), "/c/"):
        with pytest.raises(WrongUsage, match="not one of our cards"):
            find(town, altered)


@settings(deadline=None, max_examples=100)
@given(st.integers(1, HIGHEST))
def test_every_number_is_read_as_it_is_shown(number: int) -> None:
    assert card_number(card_label(number)) == number == card_number(f"{number}")


@settings(deadline=None, max_examples=200)
@given(st.text())
def test_whatever_is_typed_is_a_number_or_a_complaint(text: str) -> None:
    with suppress(WrongUsage):
        assert 1 <= card_number(text) <= HIGHEST


def test_a_card_may_be_lost_and_found_blocked_and_unblocked(town: Town) -> None:
    card = make(town)[0]
    for act, state in (
        (CardAct.LOST, "lost"),
        (CardAct.FOUND, "ready"),
        (CardAct.BLOCK, "blocked"),
        (CardAct.LOST, "lost"),
        (CardAct.FOUND, "ready"),
        (CardAct.BLOCK, "blocked"),
        (CardAct.UNBLOCK, "ready"),
    ):
        assert change(town, card, act).state == state
        assert change(town, card, act).state == state
    assert acts_on(town, "card:HK01#0001") == [
        "card.lost", "card.found", "card.block", "card.lost", "card.found", "card.block",
        "card.unblock",
    ]  # fmt: skip
    assert card_now(town, card).changed_by == "person:hoa"


@pytest.mark.parametrize(
    ("first", "then", "said"),
    [
        (CardAct.LOST, CardAct.BLOCK, "đã được báo mất"),
        (CardAct.LOST, CardAct.UNBLOCK, "đã được báo mất"),
        (CardAct.BLOCK, CardAct.FOUND, "đang bị khóa"),
    ],
)
def test_what_does_not_fit_a_card_says_what_it_is(
    town: Town, first: CardAct, then: CardAct, said: str
) -> None:
    card = make(town)[0]
    change(town, card, first)
    with pytest.raises(CardUnusable) as refused:
        change(town, card, then)
    assert said in explain(refused.value)


def test_old_cards_are_found_to_be_printed_again(town: Town) -> None:
    make(town, 5)
    with town.house.databases.read() as tx:
        again = cards_between(tx, town.lots["HK01"], 2, 4)
        assert [card.number for card in again] == [2, 3, 4]
        with pytest.raises(NotFound, match="#0006"):
            cards_between(tx, town.lots["HK01"], 2, 7)
        for first, last in ((0, 3), (4, 3), (1, 501)):
            with pytest.raises(WrongUsage, match="cannot be printed"):
                cards_between(tx, town.lots["HK01"], first, last)


def test_making_cards_belongs_to_the_callers_transaction(town: Town) -> None:
    with town.house.databases.write() as tx:
        make_cards(tx, town.lots["HK01"], 2, "x", town.now)
        tx.rollback()
    assert [card.number for card in make(town, 1)] == [1]
