"""Invoices that companies ask for, from asking to a number, on both databases."""

from __future__ import annotations

import uuid
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from parking.receipts.methods import set_method
from parking.tax.buyers import KEPT, buyer_of, checks, forget_buyers, read_buyer, read_tax_code
from parking.tax.invoices import decline, mark_sent, take_back
from parking.tax.models import InvoiceBuyer
from parking.tax.numbers import InvoiceNumber, correct, issue, read_number
from payments.db import business_day
from payments.errors import Conflict, WrongUsage
from tests.kit import Town
from tests.receipts.kit import changed, give_back, operator, receipted
from tests.tax.kit import VIETTEL, act, asked, file, handed_over, violations

FORM = {"tax_code": "0100109106", "name": "Cty A", "address": "Số 1 Hà Nội", "email": "a@b.vn"}
NUMBER = InvoiceNumber(1, "C26TAA", 123, date(2026, 11, 20))


@pytest.mark.parametrize(
    ("typed", "read"),
    [
        ("0100109106", "0100109106"),
        (" 0101 243 150 ", "0101243150"),
        ("0100109106-001", "0100109106-001"),
        ("0100109106001", "0100109106-001"),
        ("001099012345", "001099012345"),
    ],
)
def test_a_tax_code_is_read_as_people_type_it(typed: str, read: str) -> None:
    assert read_tax_code(typed) == read


@pytest.mark.parametrize(
    "typed", ["", "010010910", "0100109107", "0100109106-000", "1234567890123", "９100109106", "x"]
)
def test_what_is_no_tax_code_is_refused(typed: str) -> None:
    with pytest.raises(WrongUsage):
        read_tax_code(typed)


@given(nine=st.text("0123456789", min_size=9, max_size=9), place=st.integers(0, 8))
def test_at_most_one_check_digit_fits_and_one_wrong_digit_is_noticed(nine: str, place: int) -> None:
    fitting = [nine + digit for digit in "0123456789" if checks(nine + digit)]
    assert len(fitting) <= 1
    for code in fitting:
        other = str((int(code[place]) + 1) % 10)
        assert not checks(code[:place] + other + code[place + 1 :])


@pytest.mark.parametrize(
    "wrong", [{"name": "1"}, {"address": "HN"}, {"email": "a@b"}, {"email": "a b@c.vn"}]
)
def test_a_buyer_without_name_address_or_email_is_refused(wrong: dict[str, str]) -> None:
    with pytest.raises(WrongUsage):
        read_buyer({**FORM, **wrong})


def test_who_asks_is_kept_sealed_and_may_correct_it_until_it_is_handed_over(town: Town) -> None:
    receipt = receipted(town)
    first = asked(town, receipt)
    other = read_buyer(FORM)
    assert asked(town, receipt, other).id == first.id
    with town.house.databases.read() as tx:
        row = tx.scalars(select(InvoiceBuyer)).one()
        assert "0100109106" not in row.sealed
        assert buyer_of(tx, town.house.gateways.vault, first) == other
    with pytest.raises(Conflict, match="being issued already"):
        handed_over_twice(town)


def handed_over_twice(town: Town) -> None:
    receipt = receipted(town, "30A-999.99")
    handed_over(town, receipt)
    asked(town, receipt)


def test_a_reported_receipt_says_whom_to_ask(town: Town) -> None:
    receipt = receipted(town)
    file(town)
    with pytest.raises(Conflict, match=r"Bãi xe Hoàn Kiếm .* HOAN-KIEM-2026-000001"):
        asked(town, receipt)
    assert asked(town, receipt, late=True).state == "asked"


def test_there_is_no_invoice_for_money_that_went_back(town: Town) -> None:
    receipt = receipted(town)
    give_back(town, receipt, 25_000)
    changed(town)
    with pytest.raises(Conflict, match="nothing to invoice"):
        asked(town, receipt)


def test_a_household_below_the_threshold_issues_none(town: Town) -> None:
    with town.house.databases.write.begin() as tx:
        set_method(tx, operator(town), "none", business_day(town.now), "person:lan", town.now)
    with pytest.raises(Conflict, match="issues no invoices"):
        asked(town, receipted(town))


def test_who_takes_the_request_back_is_forgotten_at_once_and_reported(town: Town) -> None:
    receipt = receipted(town)
    asked(town, receipt)
    with town.house.databases.write.begin() as tx:
        take_back(tx, receipt, act(town, "driver"))
        assert tx.scalars(select(InvoiceBuyer)).all() == []
    assert file(town).count == 1


def number_it(town: Town, invoice_id: uuid.UUID, number: InvoiceNumber = NUMBER) -> None:
    with town.house.databases.write.begin() as tx:
        issue(tx, invoice_id, number, act(town))


def test_a_number_is_written_down_once_and_corrected_with_a_reason(town: Town) -> None:
    invoice = handed_over(town, receipted(town))
    number_it(town, invoice.id)
    with pytest.raises(Conflict, match="issued or declined before"):
        number_it(town, invoice.id)
    other = InvoiceNumber(1, "C26TAA", 124, date(2026, 11, 20))
    with town.house.databases.write.begin() as tx, pytest.raises(WrongUsage):
        correct(tx, invoice.id, other, " ", act(town))
    with town.house.databases.write.begin() as tx:
        correct(tx, invoice.id, other, "typed wrongly", act(town))
        mark_sent(tx, invoice.id, act(town))
    with town.house.databases.read() as tx:
        kept = tx.get_one(type(invoice), invoice.id)
        assert (kept.number, kept.reason, kept.sent_at) == (124, "typed wrongly", town.now)
    assert violations(town) == []


def test_two_receipts_never_have_one_invoice_number(town: Town) -> None:
    number_it(town, handed_over(town, receipted(town, "30A-111.11")).id)
    other = handed_over(town, receipted(town, "30A-222.22"))
    with pytest.raises(Conflict, match=r"invoice 1C26TAA no\. 123"):
        number_it(town, other.id)


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (InvoiceNumber(2, "C26TAA", 1, date(2026, 11, 20)), "form number"),
        (InvoiceNumber(1, "C26TAA", 1, date(2026, 11, 19)), "dated 20/11/2026 or later"),
        (InvoiceNumber(1, "C26TAA", 1, date(2026, 11, 21)), "not in the future"),
    ],
)
def test_a_number_that_does_not_fit_the_receipt_is_refused(
    town: Town, number: InvoiceNumber, said: str
) -> None:
    invoice = handed_over(town, receipted(town))
    with pytest.raises(WrongUsage, match=said):
        number_it(town, invoice.id, number)


def test_form_symbol_and_number_are_read_as_they_are_printed() -> None:
    typed = {"symbol": "1c26taa ", "number": "00000123", "dated": "2026-11-20"}
    assert read_number(typed) == NUMBER
    for wrong in ({"symbol": "C26TAA"}, {"symbol": "1C26ZAA"}, {"symbol": "1C25TAA"},
                  {"number": "0"}, {"number": "123456789"}, {"dated": "20/11/2026"}):  # fmt: skip
        with pytest.raises(WrongUsage):
            read_number({**typed, **wrong})


def test_what_is_declined_is_reported_and_what_has_a_number_is_not_declined(town: Town) -> None:
    invoice = handed_over(town, receipted(town, "30A-111.11"))
    assert file(town).count == 0
    with town.house.databases.write.begin() as tx:
        decline(tx, invoice.id, "the company does not answer", act(town))
    assert violations(town) == []
    assert file(town).count == 1
    issued = handed_over(town, receipted(town, "30A-222.22"))
    number_it(town, issued.id, InvoiceNumber(1, "C26TAA", 9, business_day(town.now)))
    with town.house.databases.write.begin() as tx, pytest.raises(Conflict):
        decline(tx, issued.id, "changed our mind", act(town))


def test_what_an_amendment_took_back_has_to_be_issued(town: Town) -> None:
    receipt = receipted(town)
    file(town)
    town.clock.forward(days=1)
    invoice = handed_over(town, receipt, late=True)
    file(town)
    with town.house.databases.write.begin() as tx, pytest.raises(Conflict, match="has to be"):
        decline(tx, invoice.id, "changed our mind", act(town))


def test_a_buyer_is_forgotten_ninety_days_after_the_invoice_is_settled(town: Town) -> None:
    invoice = handed_over(town, receipted(town))
    writer = town.house.databases.write
    assert forget_buyers(writer, town.now + 2 * KEPT) == 0
    number_it(town, invoice.id)
    assert forget_buyers(writer, town.now + KEPT - timedelta(seconds=1)) == 0
    assert forget_buyers(writer, town.now + KEPT) == 1
    assert VIETTEL.name
