"""Finance says how a company's files are read, tries it, hands a file in and sees what it proves."""

from __future__ import annotations

import io

import pytest

from parking.finance import uploads
from parking.finance.mapping_form import fields_of, mapping_of
from payments.accounts import account_by_slug
from reconciliation.statements.samples import SAMPLES, shipped
from reconciliation.statements.vocabulary import SETTLEMENT
from reconciliation.uploads.mappings import write
from tests.finance.conftest import Desk
from tests.statements.settling import MAPPING, File
from tests.web.kit import Browser

PAGE = "/finance/mappings/hoan-kiem-sandbox"
RAW = File(above=()).raw().replace(b"2026", b"2025")


def send(desk: Desk, address: str, page: str, **form: object) -> tuple[int, str]:
    """Status and the page, or the address that the answer leads to."""
    answer = desk.browser.post(address, page=page, **form)
    return answer.status_code, answer.headers.get("Location", "") or answer.get_data(as_text=True)


def chosen() -> tuple[io.BytesIO, str]:
    return io.BytesIO(RAW), "doi-soat.csv"


def test_a_mapping_is_tried_written_and_reads_the_next_file(desk: Desk) -> None:
    desk.sit("hoan-kiem")
    fields = fields_of(MAPPING)
    half = {**fields, "types.refund": "", "try": "1"}
    status, page = send(desk, f"{PAGE}?lang=en", PAGE, **half, file=chosen())
    assert status == 200
    assert "nobody knows what the status “Hoàn tiền” means" in page
    _, page = send(desk, f"{PAGE}?lang=en", PAGE, **{**fields, "try": "1"}, file=chosen())
    assert "This file can be read: 3 lines" in page
    assert 'name="kept"' in page
    status, address = send(desk, PAGE, PAGE, **{**fields, "write": "1"}, note="hợp đồng")
    assert status == 303
    assert "Version 1 holds." in desk.read(f"{address}&lang=en")
    status, address = send(
        desk,
        "/finance/statements",
        "/finance/statements",
        account="hoan-kiem-sandbox",
        file=chosen(),
    )
    assert status == 303
    page = desk.read(f"{address}?lang=en")
    assert "becomes complete" in page
    assert "Record this file" in page
    assert send(desk, address, address)[0] == 303
    assert "All rows are recorded" in desk.read(f"{address}?lang=en")
    answer = desk.browser.get(f"{address}/file")
    assert answer.data == RAW
    assert answer.headers["Content-Disposition"].startswith("attachment")


def test_a_long_file_says_which_step_it_is_in(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "LONG", 2)
    desk.sit("hoan-kiem")
    send(desk, PAGE, PAGE, **fields_of(MAPPING), write="1")
    page = "/finance/statements"
    assert "up to 8 MB" in desk.read(f"{page}?lang=en")
    assert "up to 64 MB, goes in on the server by the command" in desk.read(f"{page}?lang=en")
    _, address = send(desk, page, page, account="hoan-kiem-sandbox", file=chosen())
    for told in ("Step 2 of 3", "Step 3 of 3", "All rows are recorded"):
        assert send(desk, address, address)[0] == 303
        assert told in desk.read(f"{address}?lang=en")


def test_a_form_says_every_sample_as_it_is() -> None:
    for name in SAMPLES:
        said = {
            key: value
            if isinstance(value, dict | list) or key in ("means", "scale", "sign")
            else [value]
            for key, value in shipped(name).items()
        }
        assert mapping_of(fields_of(shipped(name)), SETTLEMENT) == said


def test_a_sample_fills_the_form_and_says_that_no_layout_is_public(desk: Desk) -> None:
    desk.sit("hoan-kiem")
    page = desk.read(f"{PAGE}?sample=vnpay&lang=en")
    assert "vnp_TransactionNo" in page
    assert "No payment company publishes the layout" in page


def test_a_mapping_written_by_the_command_is_told_in_words(desk: Desk) -> None:
    with desk.town.house.databases.read() as tx:
        account = account_by_slug(tx, "hoan-kiem-sandbox")
    write(desk.town.house.databases.write, account, shipped("vnpay"), "", "command", desk.town.now)
    desk.sit("hoan-kiem")
    page = desk.read(f"{PAGE}?lang=en")
    assert '<option value="1" selected>as they are</option>' in page
    assert ">1</option>" not in page
    assert '<td data-label="By">Command line</td>' in page


def test_late_days_beside_the_choices_are_told_as_days(desk: Desk) -> None:
    with desk.town.house.databases.read() as tx:
        account = account_by_slug(tx, "hoan-kiem-sandbox")
    mapping = {**MAPPING, "late_days": "5"}
    write(desk.town.house.databases.write, account, mapping, "", "command", desk.town.now)
    desk.sit("hoan-kiem")
    assert '<option value="5" selected>5 days before</option>' in desk.read(f"{PAGE}?lang=en")


def test_another_operator_s_mapping_does_not_exist(desk: Desk) -> None:
    desk.sit("thang-long")
    desk.read(PAGE, 404)


def test_an_administrator_may_write_a_mapping(desk: Desk) -> None:
    desk.browser = Browser(desk.town.house)
    desk.sit(role="admin")
    assert send(desk, PAGE, PAGE, **fields_of(MAPPING), write="1")[0] == 303


def test_a_mapping_that_makes_no_sense_is_explained_beside_the_form(desk: Desk) -> None:
    desk.sit("hoan-kiem")
    status, page = send(desk, f"{PAGE}?lang=en", PAGE, zone="Hanoi", write="1")
    assert status == 400
    assert "zone must be" in page.replace("&#39;", "'")
