"""The pages: a driver asks, finance hands over, writes numbers down and files, an admin sets methods."""

from __future__ import annotations

import csv
import io

from parking.people.service import NewPerson, add_person
from parking.reports.written import FORMATS
from tests.driver.kit import plain
from tests.kit import Town
from tests.receipts.kit import receipted
from tests.tax.kit import FILING, asked, file, handed_over
from tests.web.kit import Browser

FORM = {
    "tax_code": "0101243150",
    "name": "Công ty Cổ phần Phần mềm",
    "address": "Tầng 9, phố Duy Tân, Hà Nội",
    "email": "ketoan@phanmem.vn",
}


def person(town: Town, role: str, operator: str | None = None) -> Browser:
    browser = Browser(town.house)
    with town.house.databases.write.begin() as tx:
        password = add_person(tx, NewPerson(f"{role}-1", role, operator=operator), town.now)
    assert browser.sign_in(f"{role}-1", password).status_code == 303
    return browser


def test_a_driver_asks_for_a_company_and_takes_it_back(town: Town) -> None:
    driver, path = Browser(town.house), f"/r/{receipted(town).token}"
    assert "Lấy hóa đơn công ty" in plain(driver.get(path))
    refused = driver.post(f"{path}/invoice", page=path, **FORM)
    assert refused.status_code == 400
    assert "đồng ý" in plain(refused)
    assert driver.post(f"{path}/invoice", page=path, **FORM, agreed="yes").status_code == 303
    text = plain(driver.get(path))
    assert "Đã yêu cầu" in text
    assert "ke****@phanmem.vn" in text
    assert "ketoan@phanmem.vn" not in text
    assert driver.post(f"{path}/invoice/take-back", page=path).status_code == 303
    assert "Phần mềm" not in plain(driver.get(path))


def test_a_wrong_tax_code_is_said_beside_the_form_and_what_was_typed_stays(town: Town) -> None:
    driver, path = Browser(town.house), f"/r/{receipted(town).token}"
    typed = {**FORM, "tax_code": "0101243151", "agreed": "yes"}
    answer = driver.post(f"{path}/invoice", page=path, **typed)
    assert answer.status_code == 400
    assert "chữ số kiểm tra không khớp" in plain(answer)
    text = answer.get_data(as_text=True)
    assert 'value="Công ty Cổ phần Phần mềm"' in text
    # a phone shows what is wrong, not the top of the receipt far above it
    assert f'action="{path}/invoice#invoice"' in text


def test_a_reported_receipt_says_what_to_do(town: Town) -> None:
    receipt = receipted(town)
    file(town)
    text = plain(Browser(town.house).get(f"/r/{receipt.token}"))
    assert "nêu số biên nhận HOAN-KIEM-2026-000001" in text


def test_finance_hands_over_downloads_and_writes_the_number_down(town: Town) -> None:
    town.clock.now = FILING
    asked(town, receipted(town))
    finance = person(town, "finance")
    page = "/finance/invoices"
    assert finance.post(f"{page}/of/hoan-kiem", page=page).status_code == 303
    answer = finance.post(f"{page}/of/hoan-kiem/1.csv", page=page)
    (row,) = csv.DictReader(io.StringIO(answer.get_data().decode("utf-8-sig")))
    assert row["Mã số thuế người mua (MST)"] == "0100109106"
    assert row["Tổng thanh toán (TgTTTBSo) (₫)"] == "25000"
    path = finance.get(page).get_data(as_text=True).split('href="/finance/invoices/')[2]
    invoice = f"{page}/{path.split(chr(34))[0]}"
    number = {"symbol": "1C26TAA", "number": "123", "dated": "2026-12-08"}
    assert finance.post(invoice, page=invoice, deed="issue", **number).status_code == 303
    assert "1C26TAA · 123" in plain(finance.get(invoice))


def test_finance_files_a_table_and_asks_for_a_company_afterwards(town: Town) -> None:
    town.clock.now = FILING
    receipted(town)
    town.clock.now = FILING.replace(month=1, year=2027)
    finance = person(town, "finance")
    page = "/finance/tax?operator=hoan-kiem&period=2026-12"
    form = {"operator": "hoan-kiem", "period": "2026-12"}
    assert "Chốt bảng lần đầu" in plain(finance.get(page))
    assert finance.post("/finance/tax", page=page, **form).status_code == 303
    assert "không thiếu và không thay đổi gì" in plain(finance.get(page))
    new = {**FORM, "receipt": "hoan-kiem-2026-000001"}
    assert (
        finance.post("/finance/invoices/new", page="/finance/invoices/new", **new).status_code
        == 303
    )
    for kind in FORMATS:
        for name in ("0", "draft", "vat"):
            with finance.get(f"/finance/tax/hoan-kiem/2026-12/{name}.{kind}") as answer:
                assert answer.status_code == 200
                assert answer.headers["Content-Type"] == FORMATS[kind].content_type
                assert answer.content_length == len(answer.get_data())
    assert finance.get("/finance/tax/hoan-kiem/2026-12/7.csv").status_code == 404


def test_another_operators_taxes_do_not_exist(town: Town) -> None:
    receipt = receipted(town)
    invoice = handed_over(town, receipt)
    other = person(town, "finance", operator="thang-long")
    for path in (
        "tax?operator=hoan-kiem",
        "tax/hoan-kiem/2026-11/vat.csv",
        f"invoices/{invoice.id}",
    ):
        assert other.get(f"/finance/{path}").status_code == 404


def test_an_administrator_sets_the_method_and_receipts_follow(town: Town) -> None:
    admin = person(town, "admin")
    form = {"method": "direct", "since": "2026-11-20"}
    assert admin.post("/admin/tax/hoan-kiem", page="/admin/tax", **form).status_code == 303
    assert "tỷ lệ phần trăm trên doanh thu" in plain(admin.get("/admin/tax"))
    receipt = receipted(town)
    text = plain(Browser(town.house).get(f"/r/{receipt.token}"))
    assert "theo tỷ lệ trên doanh thu" in text
    assert "Tiền trước thuế" not in text


def test_a_refused_tax_method_leaves_the_form_as_it_was_sent(town: Town) -> None:
    admin = person(town, "admin")
    form = {"method": "direct", "since": "heute"}
    answer = admin.post("/admin/tax/hoan-kiem?lang=en", page="/admin/tax", **form)
    text = answer.get_data(as_text=True)
    assert answer.status_code == 400
    assert text.count('<details class="more" open>') == 1
    assert '<option value="direct" selected>' in text
    assert 'value="heute"' in text
