"""Finance hands in a bank's statement on the page: looks, confirms, watches, reads the result."""

from __future__ import annotations

import hashlib
import io
import re
from datetime import datetime, timedelta

import pytest

from parking.finance import uploads
from payments.db import CITY_ZONE
from payments.models import Movement, Payment
from reconciliation.uploads.models import Upload
from tests.finance.conftest import Desk
from tests.statements.desk import UploadDesk, day_of
from tests.statements.kit import DAY, Line
from tests.statements.test_uploads import paid_by
from tests.web.kit import Browser

TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')


def books(office: Desk) -> UploadDesk:
    house = office.town.house
    with house.databases.read() as tx:
        account = next(a for a in uploads.file_accounts(tx, "hoan-kiem") if a.slug == "hk-vietqr")
    return UploadDesk(house.databases, house.gateways, account)


def order(office: Desk) -> Payment:
    return books(office).order()


def hand_in(office: Desk, raw: bytes, **form: str) -> tuple[int, str]:
    """Status and address of the answer to the upload form."""
    file = (io.BytesIO(raw), "sao-ke.csv")
    answer = office.browser.post(
        "/finance/statements", page="/finance/statements", account="hk-vietqr", file=file, **form
    )
    return answer.status_code, answer.headers.get("Location", "") or answer.get_data(as_text=True)


def send_raw(office: Desk, token: str, size: int) -> int:
    """Status of the answer to a file of `size` bytes, its form written by hand."""
    parts = (
        b'--cut\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n' + token.encode(),
        b'\r\n--cut\r\nContent-Disposition: form-data; name="account"\r\n\r\nhk-vietqr',
        b'\r\n--cut\r\nContent-Disposition: form-data; name="file"; filename="a.csv"\r\n\r\n',
        b"x" * size,
        b"\r\n--cut--\r\n",
    )
    page = f"{office.browser.base}/finance/statements"
    answer = office.browser.client.post(
        "/finance/statements", data=b"".join(parts), base_url=office.browser.base,
        content_type="multipart/form-data; boundary=cut", headers={"Referer": page},
    )  # fmt: skip
    return answer.status_code


def press(office: Desk, address: str, **form: str) -> int:
    return office.browser.post(address, page=address, **form).status_code


def test_finance_looks_confirms_and_reads_what_came_of_it(office: Desk) -> None:
    office.sit("hoan-kiem")
    payment = order(office)
    status, address = hand_in(office, day_of(paid_by(payment), Line(35_000, "FT2", "PHONG KHAM")))
    assert status == 303
    page = office.read(f"{address}?lang=en")
    assert "Pays a payment of ours" in page
    assert payment.code in page
    assert "Record this statement" in page
    assert books(office).count(Movement, Movement.account_id == books(office).account.id) == 0
    assert press(office, address) == 303
    page = office.read(f"{address}?lang=en")
    assert "All rows are recorded" in page
    assert books(office).payment(payment).state == "paid"


def test_the_day_says_what_only_the_statement_tells_of_and_the_trace_too(office: Desk) -> None:
    office.sit("hoan-kiem")
    payment = order(office)
    _, address = hand_in(office, day_of(paid_by(payment)))
    press(office, address)
    page = office.read(f"/finance/day/{DAY}?lang=en")
    assert "Known only from uploaded statements" in page
    trace = office.read(f"/finance/trace?q={payment.code}&lang=en")
    assert "Known only from the uploaded statement of 19/11/2026" in trace
    assert "Uploaded bank statement" in trace
    books(office).feed(paid_by(payment))
    assert "Known only" not in office.read(f"/finance/day/{DAY}?lang=en")
    assert "Known only" not in office.read(f"/finance/trace?q={payment.code}&lang=en")


def test_the_same_file_again_says_so(office: Desk) -> None:
    office.sit("hoan-kiem")
    raw = day_of(Line(5_000))
    _, address = hand_in(office, raw)
    press(office, address)
    status, again = hand_in(office, raw)
    assert status == 303
    assert "nothing has changed" in office.read(f"{again}&lang=en")
    assert books(office).count(Upload) == 1


def test_many_rows_go_in_step_by_step_and_the_page_says_how_far(
    office: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "CHUNKS", 1)
    office.sit("hoan-kiem")
    _, address = hand_in(office, day_of(*(Line(1_000 + n, f"FT{n}", "X") for n in range(150))))
    press(office, address)
    page = office.read(f"{address}?lang=en")
    assert "100 of 150 rows recorded" in page
    assert "data-go-on" in page
    for _ in range(2):
        press(office, address)
    assert "All rows are recorded" in office.read(f"{address}?lang=en")


def test_a_file_that_cannot_be_believed_is_explained_beside_the_form(office: Desk) -> None:
    office.sit("hoan-kiem")
    status, page = hand_in(office, b"khong phai sao ke")
    assert status == 422
    assert "sao-ke.csv" in page
    assert "<form" in page
    assert books(office).count(Upload) == 0


def test_balances_that_do_not_continue_need_a_tick(office: Desk) -> None:
    town = office.town
    town.clock.now = datetime.combine(DAY + timedelta(days=3), datetime.min.time(), CITY_ZONE)
    office.sit("hoan-kiem")
    _, first = hand_in(office, day_of(Line(5_000), opening=1_000))
    press(office, first)
    later = Line(7_000, "FT2", day=DAY + timedelta(days=1))
    _, second = hand_in(office, day_of(later, opening=9_000))
    assert "I know that the balances do not continue." in office.read(f"{second}?lang=en")
    assert press(office, second) == 409
    assert press(office, second, despite_gap="1") == 303
    assert "All rows are recorded" in office.read(f"{second}?lang=en")


def test_a_file_that_is_too_large_is_refused_and_one_above_the_usual_limit_is_not(
    office: Desk,
) -> None:
    office.sit("hoan-kiem")
    token = office.browser.token("/finance/statements")
    assert send_raw(office, token, 2 * 1024 * 1024) == 422
    assert send_raw(office, token, uploads.LARGEST_FILE) == 413


def test_another_operators_statement_does_not_exist(office: Desk) -> None:
    office.sit("hoan-kiem")
    _, address = hand_in(office, day_of(Line(5_000)))
    office.browser = Browser(office.town.house)
    office.sit("thang-long")
    office.read(address, 404)
    assert hand_in(office, day_of(Line(5_000)))[0] == 404


def test_an_administrator_may_look_but_not_hand_in(office: Desk) -> None:
    office.sit("hoan-kiem")
    _, address = hand_in(office, day_of(Line(5_000)))
    office.browser = Browser(office.town.house)
    office.sit(role="admin")
    assert "Record this statement" not in office.read(f"{address}?lang=en")
    token = TOKEN.search(office.read("/finance/statements"))
    assert token is not None
    answer = office.browser.client.post(
        address, data={"csrf_token": token[1]}, base_url=office.browser.base,
        headers={"Referer": f"{office.browser.base}{address}"},
    )  # fmt: skip
    assert answer.status_code == 403


def test_without_our_token_nothing_is_taken(office: Desk) -> None:
    office.sit("hoan-kiem")
    answer = office.browser.client.post(
        "/finance/statements",
        data={"account": "hk-vietqr", "file": (io.BytesIO(day_of(Line(5_000))), "a.csv")},
        base_url=office.browser.base,
    )
    assert answer.status_code == 400
    assert books(office).count(Upload) == 0


def test_the_trace_of_a_payment_leads_to_the_line_of_the_file_and_to_the_file(office: Desk) -> None:
    office.sit("hoan-kiem")
    payment = order(office)
    raw = day_of(Line(-4_000, "FT0", "PHI"), paid_by(payment), Line(35_000, "FT2", "PHONG KHAM"))
    _, address = hand_in(office, raw)
    press(office, address)
    text = office.read(f"/finance/trace?q={payment.code}&lang=en")
    (row,) = [n for n, line in enumerate(raw.decode("utf-8-sig").splitlines(), 1)
              if payment.code in line]  # fmt: skip
    assert f"Line {row} of the provider&#39;s file sao-ke.csv" in text
    assert f'href="{address}"' in text
    assert hashlib.sha256(raw).hexdigest() in text
