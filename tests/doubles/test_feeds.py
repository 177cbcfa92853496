"""SePay and Casso tell of every line of a bank's book, as their papers and vectors say."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import urllib3

from tests.doubles import casso
from tests.doubles.bank import Bank
from tests.doubles.casso import CassoDouble
from tests.doubles.conftest import post_form
from tests.doubles.inbox import Inbox
from tests.doubles.outbox import NoticeState
from tests.doubles.payos import PayosDouble
from tests.doubles.payos_wire import PaymentLink
from tests.doubles.sepay import SepayDouble

NOON = datetime(2026, 11, 20, 5, 0, tzinfo=UTC)
VECTORS = json.loads(
    (Path(__file__).parent / "vectors" / "casso.json").read_text(encoding="utf-8")
)["vectors"]


@pytest.fixture
def inbox() -> Iterator[Inbox]:
    with Inbox(otherwise={"success": True}) as inbox:
        yield inbox


@pytest.fixture
def sepay(inbox: Inbox) -> Iterator[SepayDouble]:
    with SepayDouble(
        token="tok", secret="whk", notify_url=inbox.url, per_second=50, clock=lambda: NOON
    ) as double:
        yield double


@pytest.fixture
def slow_casso(inbox: Inbox) -> Iterator[CassoDouble]:
    with CassoDouble(
        key="k",
        api_key="AK",
        notify_url=inbox.url,
        delay=timedelta(minutes=5),
        clock=lambda: NOON,
    ) as double:
        yield double


def ask(url: str, authorization: str, method: str = "GET", **more: Any) -> Any:
    headers = {"Authorization": authorization}
    answer = urllib3.request(method, url, headers=headers, retries=False, **more)
    return answer.json() | {"http": answer.status, "after": answer.headers.get("Retry-After")}


def test_sepay_signs_the_raw_bytes_it_sends(sepay: SepayDouble, inbox: Inbox) -> None:
    sepay.bank.receive(5_000, "Gửi xe 1/2 PKX7Q2M9RA")
    sepay.outbox.deliver()
    (received,) = inbox.journal
    moment = received.headers["X-Sepay-Timestamp"]
    expected = hmac.new(b"whk", moment.encode() + b"." + received.body, hashlib.sha256)
    assert received.headers["X-Sepay-Signature"] == f"sha256={expected.hexdigest()}"
    assert (int(moment), rb"1\/2" in received.body) == (int(NOON.timestamp()), True)


def test_sepay_tells_what_the_papers_say(sepay: SepayDouble, inbox: Inbox) -> None:
    entry = sepay.bank.receive(5_000, "PKX7Q2M9RA", damage="glued")
    sepay.bank.send(2_000, "hoàn tiền")
    sepay.outbox.deliver()
    first, second = (received.json for received in inbox.journal)
    assert first == {
        "id": 92_700_001,
        "gateway": "Vietcombank",
        "transactionDate": "2026-11-20 12:00:00",
        "accountNumber": "0011009999999",
        "subAccount": None,
        "code": None,
        "content": "ndpkx7q2m9raCT tu 0010000000001 toi0011009999999",
        "transferType": "in",
        "description": f"BankAPINotify {entry.narrative}",
        "transferAmount": 5_000,
        "accumulated": 1_005_000,
        "referenceCode": entry.reference,
    }
    assert (second["transferType"], second["transferAmount"]) == ("out", 2_000)


def test_sepay_recognises_only_a_code_that_stands_alone(sepay: SepayDouble, inbox: Inbox) -> None:
    sepay.bank.receive(5_000, "PKX7Q2M9RA", damage="vietcombank")
    sepay.bank.receive(5_000, "chuyen tien")
    sepay.outbox.deliver()
    assert [received.json["code"] for received in inbox.journal] == ["PKX7Q2M9RA", None]


def test_sepay_tries_eight_times_in_33_minutes_until_success_is_true(
    sepay: SepayDouble, inbox: Inbox
) -> None:
    inbox.otherwise = 200
    sepay.bank.receive(5_000, "PKX7Q2M9RA")
    (notice,) = sepay.outbox.notices
    for _ in range(40):
        sepay.outbox.deliver()
        sepay.forward(minutes=1)
    waited = [int((a.at - NOON) / timedelta(minutes=1)) for a in notice.attempts]
    assert waited == [0, 1, 2, 4, 7, 12, 20, 33]
    assert notice.state is NoticeState.GIVEN_UP
    assert len({received.json["id"] for received in inbox.journal}) == 1


def test_sepay_may_send_a_plain_key_instead(inbox: Inbox) -> None:
    with SepayDouble(token="t", webhook_key="abc", notify_url=inbox.url) as double:
        double.bank.receive(5_000, "PKX7Q2M9RA")
        double.outbox.deliver()
    (received,) = inbox.journal
    assert received.headers["Authorization"] == "Apikey abc"
    assert "X-Sepay-Signature" not in received.headers


def test_sepay_keeps_to_itself_what_it_heard_five_hours_late(sepay: SepayDouble) -> None:
    sepay.bank.receive(5_000, "PKX7Q2M9RA", at=NOON - timedelta(hours=5, minutes=1))
    sepay.bank.receive(5_000, "PKX7Q2M9RB", at=NOON - timedelta(hours=5))
    assert len(sepay.outbox.notices) == 1
    found = ask(sepay.base_url + "/userapi/transactions/count", "Bearer tok")
    assert found["count_transactions"] == 2


def test_sepay_lists_by_filters_newest_first(sepay: SepayDouble) -> None:
    first = sepay.bank.receive(5_000, "PKX7Q2M9RA", at=NOON - timedelta(days=1))
    second = sepay.bank.receive(20_000, "PKX7Q2M9RB", virtual_account="VA1")
    sepay.bank.send(2_000, "hoàn tiền")

    def listed(query: str) -> list[str]:
        url = f"{sepay.base_url}/userapi/transactions/list?{query}"
        return [t["id"] for t in ask(url, "Bearer tok")["transactions"]]

    ids = ["92700003", "92700002", "92700001"]
    assert listed("") == listed("account_number=0011009999999") == ids
    assert listed("account_number=1") == []
    assert listed("limit=1") == ids[:1]
    assert listed("since_id=92700002") == ids[:2]
    assert listed("transaction_date_max=2026-11-19") == ids[2:]
    assert listed("transaction_date_min=2026-11-20+00:00:00") == ids[:2]
    assert listed(f"reference_number={first.reference}") == ids[2:]
    assert listed("amount_in=20000") == ids[1:2]
    assert listed("amount_out=2000") == ids[:1]
    url = f"{sepay.base_url}/userapi/transactions/details/92700002"
    line = ask(url, "Bearer tok")["transaction"]
    assert (line["amount_in"], line["sub_account"]) == ("20000.00", "VA1")
    assert line["reference_number"] == second.reference
    assert ask(url + "9", "Bearer tok")["http"] == 404


def test_sepays_second_api_has_other_ids_and_pages(sepay: SepayDouble, inbox: Inbox) -> None:
    for amount in (1_000, 2_000, 3_000):
        sepay.bank.receive(amount, "PKX7Q2M9RA")
    url = sepay.base_url + "/v2/transactions"
    first = ask(f"{url}?per_page=2", "Bearer tok")
    second = ask(f"{url}?per_page=2&page=2", "Bearer tok")
    assert [t["amount_in"] for t in first["data"] + second["data"]] == [3_000, 2_000, 1_000]
    assert first["meta"]["pagination"]["has_more"]
    assert second["meta"]["pagination"] == {
        "total": 3,
        "per_page": 2,
        "current_page": 2,
        "last_page": 2,
        "has_more": False,
    }
    (line,) = second["data"]
    assert len(line["id"]) == 36
    assert ask(f"{url}/{line['id']}", "Bearer tok")["data"] == line
    assert ask(f"{url}/nothing", "Bearer tok")["http"] == 404


def test_sepay_answers_three_requests_a_second_and_only_to_its_token() -> None:
    with SepayDouble(token="tok") as double:
        double.ticks = lambda: 1.0
        url = double.base_url + "/userapi/transactions/list"
        answers = [ask(url, "Bearer tok") for _ in range(4)]
        assert [(a["http"], a["after"]) for a in answers[2:]] == [(200, None), (429, "1")]
        assert ask(url, "Bearer other")["http"] == 401
        double.ticks = lambda: 2.0
        assert ask(url, "Bearer tok")["http"] == 200


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: vector["name"])
def test_casso_signs_as_its_own_samples(vector: dict[str, Any]) -> None:
    moment = int(vector["header"].split(",")[0].removeprefix("t="))
    assert casso.to_sign(moment, vector["body"]) == vector["message_to_sign"]
    assert casso.header(vector["key"], moment, vector["body"]) == vector["header"]


def test_casso_hears_five_minutes_late_unless_hurried(slow_casso: CassoDouble) -> None:
    slow_casso.bank.receive(5_000, "PKX7Q2M9RA")
    assert slow_casso.outbox.notices == []
    slow_casso.forward(minutes=5)
    assert len(slow_casso.outbox.notices) == 1
    slow_casso.bank.receive(6_000, "PKX7Q2M9RB")
    url = slow_casso.base_url + "/v2/sync"
    assert ask(url, "Apikey AK", "POST", json={"bank_acc_id": "1"})["http"] == 400
    assert ask(url, "Apikey AK", "POST", json={"bank_acc_id": "0011009999999"})["error"] == 0
    assert len(slow_casso.outbox.notices) == 2
    slow_casso.forward(minutes=5)
    assert len(slow_casso.outbox.notices) == 2


def test_casso_tells_and_its_test_button_has_id_0(slow_casso: CassoDouble, inbox: Inbox) -> None:
    entry = slow_casso.bank.receive(5_000, "PKX7Q2M9RA", virtual_account="VA1")
    slow_casso.hear_all()
    slow_casso.press_test_button()
    slow_casso.outbox.deliver()
    told, test = (received.json["data"] for received in inbox.journal)
    assert (told["id"], told["reference"], told["amount"]) == (6_500_001, entry.reference, 5_000)
    assert (told["virtualAccountNumber"], told["runningBalance"]) == ("VA1", 1_005_000)
    assert set(told) == set(VECTORS[0]["body"]["data"]) == set(test)
    assert (test["id"], test["transactionDateTime"]) == (0, "2026-11-20 12:00:00")
    signed = inbox.journal[0].headers["X-Casso-Signature"]
    assert signed == casso.header("k", int(NOON.timestamp() * 1000), inbox.journal[0].json)


def test_casso_lists_days_and_pages(slow_casso: CassoDouble) -> None:
    old = slow_casso.bank.receive(5_000, "PKX7Q2M9RA", at=NOON - timedelta(days=1))
    new = slow_casso.bank.send(2_000, "hoàn tiền")
    slow_casso.hear_all()
    url = slow_casso.base_url + "/v2/transactions"
    found = ask(f"{url}?pageSize=1", "Apikey AK")["data"]
    assert [(r["tid"], r["amount"]) for r in found["records"]] == [(new.reference, -2_000)]
    assert (found["nextPage"], found["prevPage"], found["totalRecords"]) == (2, None, 2)
    last = ask(f"{url}?pageSize=1&page=2&sort=ASC", "Apikey AK")["data"]
    assert ([r["tid"] for r in last["records"]], last["nextPage"]) == ([new.reference], None)
    days = ask(f"{url}?fromDate=2026-11-19&toDate=2026-11-19", "Apikey AK")["data"]
    assert [r["tid"] for r in days["records"]] == [old.reference]
    (line,) = days["records"]
    assert ask(f"{url}/{line['id']}", "Apikey AK")["data"] == line
    assert ask(f"{url}/1", "Apikey AK")["http"] == 404
    assert ask(url, "Apikey no")["http"] == ask(f"{url}/1", "Apikey no")["http"] == 401
    assert ask(slow_casso.base_url + "/v2/sync", "Apikey no", "POST", json={})["http"] == 401


def test_two_feeds_may_watch_one_account(inbox: Inbox) -> None:
    bank = Bank(lambda: NOON)
    sepay = SepayDouble(bank, token="t", notify_url=inbox.url, clock=lambda: NOON)
    other = CassoDouble(bank, key="k", api_key="a", notify_url=inbox.url, clock=lambda: NOON)
    entry = bank.receive(5_000, "PKX7Q2M9RA")
    assert [n.about for n in sepay.outbox.notices + other.outbox.notices] == [entry.reference] * 2


def test_a_person_may_play_the_payers_bank(sepay: SepayDouble) -> None:
    url = sepay.base_url + "/bank"
    form = {"amount": "5.000", "text": "PKX7Q2M9RA", "damage": "lowered"}
    assert urllib3.request("POST", url, fields=form).status == 200
    assert [(e.amount, e.narrative) for e in sepay.entries] == [(5_000, "pkx7q2m9ra")]
    page = urllib3.request("GET", url).data.decode()
    assert "MÔ PHỎNG" in page
    assert "pkx7q2m9ra" in page
    assert urllib3.request("POST", url, fields=form | {"amount": "-1"}).status == 400


def test_two_doubles_on_one_account_never_wait_for_each_other() -> None:
    bank = Bank(lambda: NOON)
    with (
        SepayDouble(bank, token="t", notify_url="http://127.0.0.1:9/", clock=lambda: NOON) as feed,
        PayosDouble("c", "k", "s", notify_url="http://127.0.0.1:9/", bank=bank) as payos,
    ):
        values = {
            "orderCode": 1,
            "amount": 5,
            "description": "P",
            "returnUrl": "http://127.0.0.1:9",
        }
        payos.links["1"] = PaymentLink("1", values, "V", NOON)
        pages = [feed.base_url + "/bank", payos.page_address("1")] * 8
        form = {"amount": "5", "text": "PK", "damage": "clean", "act": "pay"}
        with ThreadPoolExecutor(8) as pool:
            sent = [pool.submit(post_form, page, form) for page in pages]
            assert {each.result(timeout=10).status for each in sent} <= {303, 400}
        assert len(feed.entries) == len(bank.entries) == 8 + len(payos.links["1"].entries)
        assert bank.balance == 1_000_000 + 5 * len(bank.entries)
