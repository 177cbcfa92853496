"""Providers' settlement files: read by a mapping however they are written, refused by line otherwise."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.codes import code_for
from payments.db import CITY_ZONE
from payments.provider import Control, LineKind
from reconciliation.statements import InvalidMapping
from reconciliation.statements.samples import SAMPLES, shipped, text_of
from tests.statements.settling import (
    DAY,
    EXPECTED,
    HEADER,
    MERCHANT,
    ONE,
    SOLD,
    File,
    Sold,
    bytes_of,
    lines_of,
    refused,
    settle,
)
from tests.statements.test_tables import toned

AT = datetime.combine(DAY, time(8, 30, 15), CITY_ZONE)


def test_a_file_becomes_lines_signed_towards_us() -> None:
    first, second, back = lines_of(File().raw())
    assert (first.kind, first.gross, first.fee, first.net) == (
        LineKind.PAYMENT,
        20_000,
        220,
        19_780,
    )
    assert (first.order_code, first.rail_ref, first.event_at) == (code_for(1), "T1", AT)
    assert (second.gross, second.fee) == (5_000, 55)
    assert (back.kind, back.gross, back.fee, back.net) == (LineKind.REFUND, -20_000, 0, -20_000)
    assert len({line.line_ref for line in (first, second, back)}) == 3


sold = st.builds(
    Sold,
    amount=st.integers(1_000, 9_000_000),
    number=st.from_regex(r"T[0-9]{1,6}", fullmatch=True),
    order=st.integers(1, 10**6).map(code_for),
    kind=st.sampled_from(["Thanh toán", "Hoàn tiền", "Đảo", "Khiếu nại"]),
    status=st.sampled_from(["Thành công", "Thất bại"]),
    fee=st.integers(0, 900),
    at=st.times().map(lambda at: at.replace(microsecond=0)),
)


@given(
    st.lists(sold, min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["", ".", ",", " "]),
    st.sampled_from(["\r\n", "\n"]),
    st.sampled_from(["utf-8", "utf-8-sig", "cp1258"]),
    st.sampled_from([1, 100]),
    st.sampled_from([("%d/%m/%Y %H:%M:%S", "dd/MM/yyyy HH:mm:ss"), ("%Y%m%d%H%M%S", "yyyyMMddHHmmss"),
                     ("%Y-%m-%dT%H:%M:%S%z", "yyyy-MM-ddTHH:mm:ssXXX")]),
)  # fmt: skip
@settings(deadline=None, max_examples=60)
def test_a_file_says_the_same_however_it_is_written(
    rows: list[Sold],
    delimiter: str,
    thousands: str,
    newline: str,
    encoding: str,
    scale: int,
    dates: tuple[str, str],
) -> None:
    plain = File(rows)
    style = replace(
        plain, delimiter=delimiter, thousands=thousands, newline=newline, scale=scale,
        dates=dates[0], encoding="utf-8",
    )  # fmt: skip
    text = style.raw().decode()
    raw = (
        "".join(map(toned, text)).encode(encoding)
        if encoding == "cp1258"
        else text.encode(encoding)
    )
    mapping: dict[str, Any] = {"scale": str(scale), "dates": dates[1]}
    assert lines_of(raw, **mapping) == lines_of(plain.raw())
    assert lines_of(plain.workbook()) == lines_of(plain.raw())


def test_rows_that_count_for_nothing_are_counted_and_stand_in_the_totals() -> None:
    file = settle(File((*SOLD, Sold(9_000, "T4", code_for(4), status="Thất bại"))).raw())
    assert file.table.sums.ignored == {"Thất bại": 1}
    assert file.table.sums.control == Control(3, 5_000, 275, 4_725)
    assert file.table.checked == ("amount", "fee", "net")


def test_totals_may_leave_out_what_does_not_count() -> None:
    failed = Sold(9_000, "T4", code_for(4), status="Thất bại")
    table = File((*SOLD, failed)).table()
    table[-1] = File(SOLD).table()[-1]
    assert "the total of amount is 45000, the entries make 54000" in refused(bytes_of(table))
    assert settle(bytes_of(table), totals_cover="counted").table.sums.count == 3


@pytest.mark.parametrize(
    ("label", "right", "wrong"),
    [
        ("Tổng số giao dịch", "3", "4"),
        ("Tổng giá trị giao dịch", "5.000", "5.001"),
        ("Tổng phí", "275", "274"),
        ("Tổng thực nhận", "4.725", "4.726"),
    ],
)
def test_totals_beside_the_table_are_checked(label: str, right: str, wrong: str) -> None:
    def said(figure: str) -> bytes:
        file = File(total=False)
        return bytes_of([*file.above, [label, figure], *file.table()[len(file.above) :]])

    assert len(settle(said(right)).table.checked) == 1
    assert "line 5: the total of" in refused(said(wrong))


def test_a_status_nobody_mapped_refuses_the_file_and_is_named() -> None:
    reason = refused(File((Sold(status="Tạm giữ"),)).raw())
    assert "line 6: nobody knows what the status “Tạm giữ” means" in reason
    reason = refused(File((Sold(kind="Góp vốn"),)).raw())
    assert "“Góp vốn”" in reason


def test_without_any_words_the_sign_says_what_a_row_is() -> None:
    header = ["Mã giao dịch", "Thời gian", "Số tiền"]
    raw = bytes_of([header, ["T1", "19/11/2026 08:00:00", "5.000"],
                    ["T2", "19/11/2026 08:00:00", "-5.000"], ["Tổng", "", "0"]])  # fmt: skip
    words: dict[str, Any] = {"statuses": {}, "types": {}, "sign": "as_written"}
    assert [line.kind for line in lines_of(raw, **words)] == [LineKind.PAYMENT, LineKind.REFUND]


def test_debit_and_credit_columns_make_one_amount() -> None:
    header = ["Mã giao dịch", "Thời gian", "Loại", "Ghi nợ", "Ghi có"]
    raw = bytes_of([header, ["T1", "19/11/2026 08:00:00", "Thanh toán", "", "5.000"],
                    ["T2", "19/11/2026 08:00:00", "Hoàn tiền", "3.000", ""],
                    ["Tổng", "", "", "3.000", "5.000"]])  # fmt: skip
    found = lines_of(raw, statuses={}, sign="as_written")
    assert [line.gross for line in found] == [5_000, -3_000]


def test_columns_may_be_named_by_their_position_with_and_without_a_header() -> None:
    columns = {
        "transaction": 1,
        "order": 2,
        "date": 3,
        "status": 4,
        "type": 5,
        "amount": 6,
        "fee": 7,
    }
    table = File(total=False).table()
    nameless = [row for row in table if row != HEADER]
    raw = bytes_of(nameless)
    assert lines_of(raw, columns=columns, totals="absent") == lines_of(
        bytes_of(table), totals="absent"
    )
    strange = [["A", "B", "C", "D", "E", "F", "G", "H"] if row == HEADER else row for row in table]
    assert lines_of(bytes_of(strange), columns=columns, totals="absent") == lines_of(
        bytes_of(table), totals="absent"
    )


def test_a_column_that_the_mapping_names_must_be_there() -> None:
    reason = refused(File().raw(), columns={"fee": "Phí quẹt thẻ"})
    assert "line 5, lacks the columns fee" in reason


def test_a_fee_of_its_own_is_booked_as_a_fee_and_nothing_else() -> None:
    (line,) = lines_of(File((Sold(1_100, "F1", "", "Phí", fee=0),)).raw())
    assert (line.kind, line.gross, line.fee, line.net) == (LineKind.OTHER, 0, 1_100, -1_100)


def test_tax_on_fees_is_part_of_the_fee() -> None:
    header = ["Mã giao dịch", "Thời gian", "Loại", "Số tiền", "Phí", "Thuế GTGT", "Thực nhận"]
    raw = bytes_of([header, ["T1", "19/11/2026 08:00:00", "Thanh toán", "20000", "200", "20", "19780"],
                    ["Tổng", "", "", "20000", "200", "20", "19780"]])  # fmt: skip
    (line,) = lines_of(raw, statuses={})
    assert (line.fee, line.net) == (220, 19_780)


def test_net_that_is_not_gross_less_fee_is_refused_by_line() -> None:
    table = File().table()
    table[5][7] = "19781"
    assert "line 6: 20000 less 220 is not 19781" in refused(bytes_of(table))


def test_a_sign_against_the_kind_is_refused() -> None:
    reason = refused(File().raw(), sign="as_written")
    assert "line 8: 20000 has the wrong sign for a refund" in reason


def test_a_wrapped_cell_is_one_cell() -> None:
    table = File().table()
    table[5][1] = f"{code_for(1)[:6]}\n{code_for(1)[6:]}"
    table[5][2] = "19/11/2026\n08:30:15"
    assert lines_of(bytes_of(table)) == lines_of(File().raw())


def test_our_code_is_found_inside_the_companys_order_number() -> None:
    (line,) = lines_of(File((Sold(order=f"261119_{code_for(7)}"),)).raw())
    assert line.order_code == code_for(7)
    (line,) = lines_of(File((Sold(order="DH-2611-001"),)).raw())
    assert line.order_code == "DH-2611-001"


def test_two_truly_identical_rows_are_two_unless_the_file_numbers_its_rows() -> None:
    assert len(lines_of(File((Sold(), Sold())).raw())) == 2
    reason = refused(File((Sold(), Sold())).raw(), columns={"line": "Mã giao dịch"})
    assert "line 7: the line T1 stands twice" in reason


def test_a_clock_of_another_zone_is_read_in_its_own() -> None:
    late = Sold(at=time(18, 0, 0))
    (line,) = lines_of(File((late,), above=()).raw(), zone="UTC")
    assert line.event_at == datetime.combine(DAY + ONE, time(1), CITY_ZONE)


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_say_that_they_are_samples_and_are_mappings(name: str) -> None:
    assert text_of(name).startswith("# SAMPLE")
    columns = shipped(name)["columns"]
    assert isinstance(columns, dict)
    header = [headings[0] for headings in columns.values()]
    words = {"date": "19/11/2026 08:30:15", "amount": "20.000", "fee": "220"}
    done = {"vnpay": ("00", "01"), "momo": ("0", "Thanh toán"), "zalopay": ("1", "Thanh toán")}
    words |= {"transaction": "14", "order": code_for(9)}
    words |= dict(zip(("status", "type"), done[name], strict=True))
    row = [words[role] for role in columns]
    raw = bytes_of([header, row, ["Tổng cộng"]])
    mapping: dict[str, Any] = {**shipped(name), "totals": "absent"}
    (line,) = lines_of(raw, **mapping)
    assert (line.order_code, line.rail_ref, line.net) == (code_for(9), "14", 19_780)


@pytest.mark.parametrize(
    ("mapping", "reason"),
    [
        ({"scale": "10"}, "scale must be '1' | '100'"),
        ({"dates": "dd/MM"}, "dates must be"),
        ({"zone": "Hanoi"}, "zone must be"),
        ({"order": "newest_first"}, "Nobody knows order"),
        ({"columns": {"balance": "Số dư"}}, "Nobody knows balance"),
        ({"statuses": {"paid": "00"}}, "Nobody knows paid"),
        ({"types": {"done": "00"}}, "Nobody knows done"),
        ({"statuses": {"payment": "00", "ignored": "00"}}, "let 00 mean both payment and ignored"),
    ],
)  # fmt: skip
def test_a_mapping_nobody_understands_is_the_mappings_fault(
    mapping: dict[str, Any], reason: str
) -> None:
    with pytest.raises(InvalidMapping) as refusal:
        settle(File().raw(), **mapping)
    assert reason in str(refusal.value)


def test_the_company_of_somebody_else_is_refused() -> None:
    assert MERCHANT in EXPECTED.numbers
    reason = refused(File().raw().replace(MERCHANT.encode(), b"CAUGO02"))
    assert "line 2: the account is CAUGO02, not ANBINH01" in reason


def test_amounts_that_do_not_add_up_are_told_as_they_are_printed() -> None:
    cells = dict.fromkeys(shipped("stripe_balance")["columns"].values(), "")  # type: ignore[attr-defined]
    cells |= {
        "balance_transaction_id": "txn_1", "source_id": "ch_1", "created_utc": "2026-11-19 02:10:11",
        "reporting_category": "charge", "currency": "usd", "gross": "4.00", "fee": "0.42",
        "net": "3.98",
    }  # fmt: skip
    raw = bytes_of([list(cells), list(cells.values())])
    assert "4.00 less 0.42 is not 3.98" in refused(raw, None, **shipped("stripe_balance"))


def test_a_file_that_is_no_table_names_each_column_it_lacks_once() -> None:
    assert refused(b"%PDF-1.4 no table", None, **shipped("stripe_balance")).count(" amount") == 1
