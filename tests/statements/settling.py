"""A payment company that writes one and the same settlement file in every way it may choose."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from openpyxl import Workbook

from payments.codes import code_for
from payments.db import CITY_ZONE
from payments.provider import InvalidStatement, StatementLine
from reconciliation.statements import Expected, SettlementFile, read_settlement_file

DAY = date(2026, 11, 19)
ONE = timedelta(days=1)
MERCHANT = "ANBINH01"
EXPECTED = Expected(frozenset({MERCHANT}), "VND", DAY + ONE)
HEADER = [
    "Mã giao dịch",
    "Mã đơn hàng",
    "Thời gian",
    "Trạng thái",
    "Loại",
    "Số tiền",
    "Phí",
    "Thực nhận",
]
MAPPING: dict[str, object] = {
    "means": "settlement",
    "dates": "dd/MM/yyyy HH:mm:ss",
    "sign": "by_status",
    "statuses": {"done": "Thành công", "ignored": ["Thất bại", "Chờ xử lý"]},
    "types": {
        "payment": "Thanh toán", "refund": "Hoàn tiền", "reversal": "Đảo", "chargeback": "Khiếu nại",
        "fee": "Phí", "payout": "Chi trả",
    },
}  # fmt: skip


@dataclass(frozen=True)
class Sold:
    """One row. `amount` is what the company prints: without a sign."""

    amount: int = 20_000
    number: str = "T1"
    order: str = code_for(1)
    kind: str = "Thanh toán"
    status: str = "Thành công"
    fee: int = 220
    day: date = DAY
    at: time = time(8, 30, 15)

    @property
    def net(self) -> int:
        """As it is printed: a refund's and a payout's without its minus."""
        leaves = self.kind in ("Hoàn tiền", "Đảo", "Khiếu nại", "Chi trả", "Phí")
        return self.amount + self.fee if leaves else self.amount - self.fee


SOLD = (
    Sold(),
    Sold(5_000, "T2", code_for(2), fee=55),
    Sold(20_000, "T3", code_for(1), "Hoàn tiền", fee=0),
)


@dataclass(frozen=True)
class File:
    """How the company writes its file."""

    rows: Sequence[Sold] = SOLD
    header: Sequence[str] = tuple(HEADER)
    above: Sequence[Sequence[str]] = (
        ("BẢNG KÊ GIAO DỊCH",), ("Mã merchant", MERCHANT), ("Ngày đối soát", "19/11/2026"), (),
    )  # fmt: skip
    delimiter: str = ","
    newline: str = "\r\n"
    encoding: str = "utf-8-sig"
    thousands: str = ""
    scale: int = 1
    dates: str = "%d/%m/%Y %H:%M:%S"
    total: bool = True

    def table(self) -> list[list[str]]:
        rows = [[*map(str, row)] for row in self.above] + [list(self.header)]
        rows += [self._row(sold) for sold in self.rows]
        if self.total:
            sums = (
                sum(s.amount for s in self.rows), sum(s.fee for s in self.rows),
                sum(s.net for s in self.rows),
            )  # fmt: skip
            rows.append(["Tổng cộng", "", "", "", "", *map(self._figure, sums)])
        return rows

    def _row(self, sold: Sold) -> list[str]:
        at = datetime.combine(sold.day, sold.at, CITY_ZONE)
        figures = map(self._figure, (sold.amount, sold.fee, sold.net))
        return [sold.number, sold.order, f"{at:{self.dates}}", sold.status, sold.kind, *figures]

    def _figure(self, figure: int) -> str:
        return f"{figure * self.scale:,}".replace(",", self.thousands)

    def raw(self) -> bytes:
        return bytes_of(self.table(), self)

    def workbook(self) -> bytes:
        book = Workbook()
        sheet = book.active
        assert sheet is not None
        for row in replace(self, thousands="").table():
            sheet.append([int(cell) if cell.isdigit() else cell or None for cell in row])
        written = io.BytesIO()
        book.save(written)
        return written.getvalue()


def bytes_of(rows: Sequence[Sequence[str]], file: File | None = None) -> bytes:
    file = file or File()
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=file.delimiter, lineterminator=file.newline).writerows(rows)
    return written.getvalue().encode(file.encoding)


def settle(raw: bytes, expected: Expected | None = None, **mapping: Any) -> SettlementFile:
    """The file, read to its end."""
    file = read_settlement_file("doi-soat.csv", raw, {**MAPPING, **mapping}, expected or EXPECTED)
    for _ in file.lines():
        pass
    return file


def lines_of(raw: bytes, expected: Expected | None = None, **mapping: Any) -> list[StatementLine]:
    file = read_settlement_file("doi-soat.csv", raw, {**MAPPING, **mapping}, expected or EXPECTED)
    return [line for _, line in file.lines()]


def refused(raw: bytes, expected: Expected | None = None, **mapping: Any) -> str:
    """Why the file is refused."""
    with pytest.raises(InvalidStatement) as found:
        settle(raw, expected, **mapping)
    return str(found.value)


def core(line: StatementLine) -> tuple[Mapping[str, object], ...]:
    """What every way to write the file can say of a line."""
    told = (
        line.line_ref,
        line.kind,
        line.order_code,
        line.rail_ref,
        line.event_at,
        line.gross,
        line.fee,
    )
    return tuple({"value": value} for value in told)
