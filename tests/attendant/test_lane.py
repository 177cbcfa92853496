"""The exit lane's pages: the list, what is new, the driver's code, and what is kept on the phone."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

from tests.attendant.field import LANE, leaving, send
from tests.driver.kit import plain
from tests.kit import Town
from tests.web.kit import Browser


def told(phone: Browser, what: str) -> dict[str, Any]:
    answer = phone.get(f"{LANE}/{what}", {"Accept": "application/json"})
    assert answer.status_code == 200, answer.get_data(as_text=True)
    found: dict[str, Any] = answer.get_json()
    return found


def test_the_tab_leads_to_the_lane_of_the_own_lot(town: Town, hoa: Browser) -> None:
    assert hoa.get("/attendant/lane").headers["Location"] == LANE
    page = plain(hoa.get(LANE))
    assert "Làn ra" in page
    assert "4–5 số cuối của biển số" in hoa.get(LANE).get_data(as_text=True)
    assert hoa.get("/attendant/lane/DD01").status_code == 404
    assert hoa.get("/attendant/lane/DD01/list").status_code == 404


def test_the_list_holds_what_a_lane_must_know_and_no_more(town: Town, hoa: Browser) -> None:
    first = town.arrive("29-B1 234.56", "motorbike", declared=False)
    town.clock.forward(minutes=10)
    town.arrive("30A-123.45", "car")
    town.arrive("30A-999.99", lot="DD01")
    found = told(hoa, "list")
    assert found["plate"] == ["30A-123.45", "29-B1 234.56"]
    assert [found["classes"][at] for at in found["class"]] == ["car", "motorbike"]
    assert [found["states"][at] for at in found["state"]] == ["free", "unpaid"]
    assert found["due"] == [0, 5_000]
    assert found["marks"] == [1, 0]
    assert found["key"][8:] == first.id.hex[-8:]
    assert found["entry"][0] + found["entry"][1] == int(first.entry_at.timestamp())
    assert first.token not in json.dumps(found)


def test_a_vehicle_that_left_just_now_is_told_with_time_and_name(town: Town, hoa: Browser) -> None:
    session = town.arrive("29-B1 234.56", "motorbike")
    town.clock.forward(minutes=10)
    send(town, hoa, leaving(town, session, unpaid=True))
    at = round(town.now.timestamp() * 1000)
    assert told(hoa, "list")["left"] == [[0, at, "Nguyễn Thị Hoa"]]
    town.clock.forward(minutes=11)
    assert told(hoa, "list")["plate"] == []


def test_what_was_touched_and_what_is_watched_is_told_anew(town: Town, hoa: Browser) -> None:
    session = town.arrive("29-B1 234.56", "motorbike")
    assert told(hoa, f"changes?since={'0' * 32}")["plate"] == ["29-B1 234.56"]
    since = "f" * 8 + told(hoa, "list")["moment"][8:]
    assert told(hoa, f"changes?since={since}")["plate"] == []
    key = session.id.hex[-8:]
    assert told(hoa, f"changes?since={since}&watch={key}")["plate"] == ["29-B1 234.56"]


@pytest.mark.parametrize("query", ["", "since=now", f"since={'0' * 32}&watch=%25"])
def test_a_question_that_makes_no_sense_begins_anew(town: Town, hoa: Browser, query: str) -> None:
    assert hoa.get(f"{LANE}/changes?{query}").status_code == 400


def test_the_list_is_packed_for_who_can_unpack(town: Town, hoa: Browser) -> None:
    town.arrive("29-B1 234.56", "motorbike")
    packed = hoa.get(f"{LANE}/list", {"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert json.loads(gzip.decompress(packed.data))["plate"] == ["29-B1 234.56"]
    assert packed.headers["Vary"] == "Accept-Encoding"
    assert "Content-Encoding" not in hoa.get(f"{LANE}/list").headers


def code(phone: Browser, key: str, lot: str = "HK01") -> dict[str, Any]:
    headers = {"Accept": "application/json", "X-CSRFToken": phone.token(LANE)}
    headers["Referer"] = f"{phone.base}{LANE}"
    answer = phone.client.post(
        f"/attendant/lane/{lot}/code", data={"key": key}, base_url=phone.base, headers=headers
    )
    found: dict[str, Any] = answer.get_json()
    return found | {"status": answer.status_code}


def test_the_drivers_code_is_for_one_vehicle_that_owes(town: Town, hoa: Browser) -> None:
    session, other = town.arrive("29-B1 234.56", "motorbike"), town.arrive("30A-123.45")
    found = code(hoa, session.id.hex[-8:])
    assert (found["kind"], found["amount"]) == ("link", 5_000)
    assert found["svg"].startswith("<svg")
    assert code(hoa, other.id.hex[-8:])["kind"] == "settled"
    town.clock.forward(minutes=50)
    town.pay(session)
    assert code(hoa, session.id.hex[-8:])["kind"] == "settled"
    assert code(hoa, "00000000")["status"] == 404
    assert code(hoa, session.id.hex[-8:], "DD01")["status"] == 404


def test_more_about_a_vehicle_is_its_check_screen(town: Town, hoa: Browser) -> None:
    session = town.arrive("29-B1 234.56", "motorbike")
    answer = hoa.get(f"{LANE}/more/{session.id.hex[-8:]}")
    assert answer.headers["Location"] == f"/attendant/sessions/{session.id}"
    assert hoa.get(f"{LANE}/more/00000000").status_code == 404


def test_the_worker_may_answer_for_the_attendants_pages(town: Town, hoa: Browser) -> None:
    answer = hoa.get("/attendant/worker.js")
    assert answer.content_type.startswith("text/javascript")
    assert "worker-src 'self'" in answer.headers["Content-Security-Policy"]
    assert "Mất sóng" in plain(hoa.get("/attendant/offline"))
