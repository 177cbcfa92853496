"""What a phone queued at the lot: once, in order, at its own time; what cannot be is told, not guessed."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from parking.cards.service import make_cards
from parking.sessions.claims import open_claim
from parking.sessions.exits import Leaving, record_exit
from parking.sessions.models import FieldAct, ParkingSession
from tests.attendant.conftest import signed_in
from tests.attendant.field import LANE, act, leaving, milliseconds, send
from tests.attendant.test_check import now_of, trail
from tests.kit import Town
from tests.web.kit import Browser


@pytest.fixture
def lan(town: Town) -> Browser:
    """Hoa's colleague at the other lane of HK01."""
    return signed_in(town, "lan", "Trần Thị Lan")


def stays(town: Town) -> list[ParkingSession]:
    with town.house.databases.read() as tx:
        return list(tx.scalars(select(ParkingSession).order_by(ParkingSession.entry_at)))


def outcomes(answers: list[dict[str, str]]) -> list[str]:
    return [answer["outcome"] for answer in answers]


def test_entry_and_exit_without_signal_keep_their_own_times(town: Town, hoa: Browser) -> None:
    town.clock.forward(hours=2)
    came = act(town, "enter", "29-B1 234.56", ago=50, vehicle="motorbike")
    went = act(town, "exit", "29-B1 234.56", ago=20, unpaid=True, position=2)
    assert outcomes(send(town, hoa, went, came)) == ["done", "done"]
    (stay,) = stays(town)
    assert stay.entry_at == town.now - timedelta(minutes=50)
    assert stay.exit_at == town.now - timedelta(minutes=20)
    assert (stay.exit_recorded_at, stay.exit_by, stay.declared) == (town.now, "person:hoa", False)
    assert [done for done, _ in trail(town, stay)] == [
        "session.enter", "session.exit", "session.exit_unpaid",
    ]  # fmt: skip


def test_a_queue_that_is_sent_twice_does_everything_once(town: Town, hoa: Browser) -> None:
    town.clock.forward(hours=2)
    session = town.arrive("29-B1 000.01", "motorbike")
    town.clock.forward(minutes=5)
    queue = [
        act(town, "enter", "29-B1 234.56", ago=50, vehicle="motorbike"),
        leaving(town, session, unpaid=True, position=2),
        leaving(town, session, position=3),
        act(town, "enter", "🚗", vehicle="motorbike", position=4),
    ]
    first = send(town, hoa, *queue)
    town.clock.forward(minutes=3)
    again = send(town, hoa, *queue)
    assert again == first
    assert outcomes(first) == ["done", "done", "conflict", "refused"]
    assert len(stays(town)) == 2
    assert [done for done, _ in trail(town, session)].count("session.exit") == 1
    with town.house.databases.read() as tx:
        assert tx.scalar(select(func.count(FieldAct.id))) == 4


def test_the_second_of_two_attendants_is_told_who_was_first(
    town: Town, hoa: Browser, lan: Browser
) -> None:
    session = town.arrive("29-B1 234.56", "motorbike")
    town.clock.forward(minutes=30)
    town.pay(session)
    (first,) = send(town, hoa, leaving(town, session))
    town.clock.forward(seconds=1)
    (second,) = send(town, lan, leaving(town, session))
    assert (first["outcome"], second["outcome"]) == ("done", "conflict")
    assert second["text"] == (
        "Xe 29-B1 234.56 đã ra rồi: lúc 08:30 (20/11), do Nguyễn Thị Hoa cho ra."
    )
    assert [done for done, _ in trail(town, session)].count("session.exit") == 1


@pytest.mark.parametrize("wrong", [-600, -7, 3, 90, 60 * 24 * 30])
def test_a_wrong_clock_on_the_phone_is_set_right(town: Town, hoa: Browser, wrong: int) -> None:
    town.clock.forward(hours=3)
    came = act(town, "enter", "29-B1 234.56", ago=50, vehicle="motorbike")
    assert outcomes(send(town, hoa, came, wrong=wrong)) == ["done"]
    (stay,) = stays(town)
    assert stay.entry_at == town.now - timedelta(minutes=50)


@pytest.mark.parametrize(
    ("ago", "said"),
    [(-2, "giờ này chưa tới"), (25 * 60, "đã quá một ngày"), (31, "mãi 08:00 (20/11) xe mới vào")],
)
def test_a_time_that_cannot_be_is_a_conflict(town: Town, hoa: Browser, ago: int, said: str) -> None:
    session = town.arrive("29-B1 234.56", "motorbike")
    town.clock.forward(minutes=30)
    (answer,) = send(town, hoa, leaving(town, session, ago, unpaid=True))
    assert answer["outcome"] == "conflict"
    assert said in answer["text"]
    assert now_of(town, session).exit_at is None


def test_an_entry_from_before_a_stay_that_is_over_is_a_conflict(town: Town, hoa: Browser) -> None:
    session = town.arrive("29-B1 234.56", "motorbike")
    town.clock.forward(minutes=30)
    with town.house.databases.write.begin() as tx:
        record_exit(tx, session.id, Leaving("person:lan", town.now), town.now)
    town.clock.forward(minutes=10)
    came = act(town, "enter", "29-B1 234.56", ago=20, vehicle="motorbike")
    (answer,) = send(town, hoa, came)
    assert answer["outcome"] == "conflict"
    assert "đã có lượt gửi ghi xe này ra lúc 08:30 (20/11)" in answer["text"]
    assert len(stays(town)) == 1


def test_a_vehicle_that_owes_is_let_out_only_knowingly(town: Town, hoa: Browser) -> None:
    session = town.arrive("29-B1 234.56", "motorbike")
    town.clock.forward(minutes=30)
    (careless,) = send(town, hoa, leaving(town, session))
    assert careless["outcome"] == "conflict"
    assert "chưa trả đủ" in careless["text"]
    (knowing,) = send(town, hoa, leaving(town, session, unpaid=True))
    assert knowing["outcome"] == "done"
    assert ("session.exit_unpaid", "person:hoa") in trail(town, session)


def test_money_that_came_in_time_counts_for_an_exit_told_later(town: Town, hoa: Browser) -> None:
    session = town.arrive()
    town.clock.forward(minutes=110)
    town.pay(session)
    town.clock.forward(hours=4)
    (answer,) = send(town, hoa, leaving(town, session, ago=235))
    assert answer["outcome"] == "done"
    assert "session.exit_unpaid" not in dict(trail(town, session))


def test_proof_is_kept_and_an_exit_can_be_undone(town: Town, hoa: Browser) -> None:
    session = town.arrive("29-B1 234.56", "motorbike")
    send(town, hoa, leaving(town, session, unpaid=True, proof="papers"))
    assert now_of(town, session).exit_proof == "papers"
    back = act(town, "undo", session.plate, key=session.id.hex[-8:])
    assert outcomes(send(town, hoa, back)) == ["done"]
    assert now_of(town, session).exit_at is None


def test_somebody_elses_lot_vehicle_or_act_is_nobodys_business(
    town: Town, hoa: Browser, lan: Browser
) -> None:
    foreign = town.arrive("30A-123.45", lot="DD01")
    elsewhere = leaving(town, foreign, unpaid=True) | {"lot": "DD01"}
    mistaken = leaving(town, foreign, unpaid=True, position=2)
    assert outcomes(send(town, hoa, elsewhere, mistaken)) == ["refused", "refused"]
    assert now_of(town, foreign).exit_at is None
    session = town.arrive("29-B1 234.56", "motorbike")
    once = leaving(town, session, unpaid=True)
    send(town, hoa, once)
    assert outcomes(send(town, lan, once)) == ["refused"]


def test_of_two_that_a_key_fits_none_is_chosen(
    town: Town, hoa: Browser, monkeypatch: pytest.MonkeyPatch
) -> None:
    ids = [uuid.UUID(int=n << 64 | 0xABCDEF12) for n in (1, 2)]
    for plate, session_id in zip(("29-B1 000.01", "29-B1 000.02"), ids, strict=True):
        monkeypatch.setattr("parking.sessions.service.new_id", lambda made=session_id: made)
        town.arrive(plate, "motorbike")
    unknown = act(town, "exit", "29-B1 000.03", key="abcdef12", unpaid=True)
    known = act(town, "exit", "29-B1 000.02", key="abcdef12", unpaid=True, position=2)
    assert outcomes(send(town, hoa, unknown, known)) == ["conflict", "done"]
    assert [stay.plate for stay in stays(town) if stay.exit_at] == ["29-B1 000.02"]


BAD = [
    [], {}, {"acts": []}, {"now": "soon", "acts": []}, {"now": 10**30, "acts": []},
    {"now": 0, "acts": [{}]}, {"now": 0, "acts": ["exit"]}, {"now": 0, "acts": [{}] * 101},
]  # fmt: skip
GOOD: dict[str, Any] = {
    "id": str(uuid.UUID(int=1)), "position": 1, "kind": "exit", "at": 0, "lot": "HK01", "plate": "x",
}  # fmt: skip
WRONG: list[dict[str, Any]] = [
    {"kind": "steal"}, {"id": "1"}, {"key": "%"}, {"plate": "x" * 41}, {"plate": 7}, {"proof": "charm"},
]  # fmt: skip


@pytest.mark.parametrize("body", BAD + [{"now": 0, "acts": [GOOD | bad]} for bad in WRONG])
def test_what_no_phone_of_ours_sends_is_refused_whole(
    town: Town, hoa: Browser, body: object
) -> None:
    headers = {"X-CSRFToken": hoa.token(LANE), "Accept": "application/json"}
    answer = hoa.client.post("/attendant/acts", json=body, base_url=hoa.base, headers=headers)
    assert answer.status_code == 400
    assert "không đọc được" in answer.get_json()["error"]


def test_without_our_token_nothing_is_done(town: Town, hoa: Browser) -> None:
    session = town.arrive("29-B1 234.56", "motorbike")
    body = {"now": milliseconds(town.now), "acts": [leaving(town, session, unpaid=True)]}
    assert hoa.client.post("/attendant/acts", json=body, base_url=hoa.base).status_code == 400
    assert now_of(town, session).exit_at is None


def give_cards(town: Town) -> None:
    with town.house.databases.write.begin() as tx:
        make_cards(tx, town.lots["HK01"], 50, "person:admin", town.now)


def test_a_card_handed_out_without_signal_comes_back_without_signal(
    town: Town, hoa: Browser
) -> None:
    give_cards(town)
    town.clock.forward(hours=1)
    came = act(town, "enter", "#0042", ago=40, vehicle="bicycle")
    went = act(town, "exit", "#0042", ago=10, proof="card", unpaid=True, position=2)
    assert outcomes(send(town, hoa, came, went)) == ["done", "done"]
    (stay,) = stays(town)
    assert (stay.plate, stay.exit_proof) == ("#0042", "card")
    unknown = act(town, "enter", "#0777", vehicle="bicycle")
    (answer,) = send(town, hoa, unknown)
    assert answer["outcome"] == "refused"
    assert "#0777" in answer["text"]


def test_a_card_that_does_not_come_back_is_asked_for(town: Town, hoa: Browser) -> None:
    give_cards(town)
    send(town, hoa, act(town, "enter", "#0042", vehicle="bicycle"))
    (stay,) = stays(town)
    (answer,) = send(town, hoa, leaving(town, stay, unpaid=True))
    assert answer["outcome"] == "conflict"
    assert "#0042" in answer["text"]
    assert now_of(town, stay).exit_at is None


def test_who_waits_for_the_bank_is_released_on_a_claim(town: Town, hoa: Browser) -> None:
    session = town.arrive("29-B1 234.56", "motorbike")
    town.clock.forward(minutes=30)
    told = leaving(town, session, ago=10) | {"kind": "release"}
    assert outcomes(send(town, hoa, told)) == ["done"]
    assert outcomes(send(town, hoa, told)) == ["done"]
    with town.house.databases.read() as tx:
        claim = open_claim(tx, session.id)
    assert claim
    assert (claim.amount, claim.released_by) == (5_000, "person:hoa")
    assert claim.released_at == now_of(town, session).exit_at == town.now - timedelta(minutes=10)
