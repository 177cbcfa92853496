"""A bank that writes one and the same statement in every format, well or badly as a test wants."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from itertools import accumulate

import pytest
from hypothesis import strategies as st
from openpyxl import Workbook

from payments.provider import InvalidStatement
from reconciliation.statements import BankEntry, BankStatement, read_bank_statement

ACCOUNT = "0011009999999"
DAY = date(2026, 11, 19)
HEADER = ["STT", "Ngày giao dịch", "Số tham chiếu", "Ghi nợ", "Ghi có", "Số dư", "Diễn giải"]


@dataclass(frozen=True)
class Line:
    amount: int
    reference: str = "FT1"
    narrative: str = "CHUYEN TIEN"
    day: date = DAY
    at: time = time(8, 30)


@dataclass(frozen=True)
class Paper:
    """What happened on the account, and how the bank's tables look."""

    lines: tuple[Line, ...]
    opening: int = 1_000_000
    currency: str = "VND"
    delimiter: str = ","
    thousands: str = ","
    newline: str = "\r\n"
    encoding: str = "utf-8-sig"
    with_time: bool = True
    wrap: int = 0

    @property
    def balances(self) -> list[int]:
        return list(accumulate((line.amount for line in self.lines), initial=self.opening))

    @property
    def closing(self) -> int:
        return self.balances[-1]

    @property
    def days(self) -> tuple[date, date]:
        days = [line.day for line in self.lines] or [DAY]
        return min(days), max(days)


PAPER = Paper((Line(5_000, "FT1"), Line(-200_000, "FT2", "TIEN DIEN"), Line(35_000, "FT3")))


def table_of(paper: Paper) -> list[list[str]]:
    """The rows of an internet bank's export, header and totals included."""
    since, until = (f"{day:%d/%m/%Y}" for day in paper.days)
    rows = [
        ["SAO KÊ TÀI KHOẢN / STATEMENT OF ACCOUNT"],
        ["Số tài khoản", ACCOUNT],
        ["Loại tiền", paper.currency],
        ["Từ ngày", since, "Đến ngày", until],
        [],
        HEADER,
    ]
    rows += [
        [str(number), *_row(paper, line, balance)]
        for number, line, balance in zip(
            range(1, 1 + len(paper.lines)), paper.lines, paper.balances[1:], strict=True
        )
    ]
    debit = -sum(line.amount for line in paper.lines if line.amount < 0)
    credit = sum(line.amount for line in paper.lines if line.amount > 0)
    totals = [amount(paper, figure) for figure in (debit, credit, paper.closing)]
    return [*rows, ["", "Tổng cộng", "", *totals, ""]]


def _row(paper: Paper, line: Line, balance: int) -> list[str]:
    moment = f"{line.day:%d/%m/%Y}" + (f" {line.at:%H:%M:%S}" if paper.with_time else "")
    debit = amount(paper, -line.amount) if line.amount < 0 else ""
    credit = amount(paper, line.amount) if line.amount > 0 else ""
    text, width = line.narrative, paper.wrap or len(line.narrative)
    wrapped = "\n".join(text[start : start + width] for start in range(0, len(text), width or 1))
    return [moment, line.reference, debit, credit, amount(paper, balance), wrapped]


def amount(paper: Paper, figure: int) -> str:
    return f"{figure:,}".replace(",", paper.thousands)


def csv_of(paper: Paper) -> bytes:
    return bytes_of(table_of(paper), paper)


def bytes_of(rows: Sequence[Sequence[str]], paper: Paper = PAPER) -> bytes:
    written = io.StringIO(newline="")
    csv.writer(written, delimiter=paper.delimiter, lineterminator=paper.newline).writerows(rows)
    return written.getvalue().encode(paper.encoding)


def xlsx_of(paper: Paper, change: Callable[[Workbook], None] = lambda book: None) -> bytes:
    """The same table with numbers as numbers and dates as dates, as banks that have them do."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.title = "Sao kê"
    for row in table_of(replace(paper, thousands="", wrap=0)):
        sheet.append([_cell(text, place) for place, text in enumerate(row)])
    change(book)
    written = io.BytesIO()
    book.save(written)
    return written.getvalue()


def _cell(text: str, place: int) -> str | int | datetime | None:
    if place in (3, 4, 5) and text.lstrip("-").isdigit():
        return int(text)
    if place == 1 and text[:1].isdigit() and " " in text:
        return datetime.strptime(text, "%d/%m/%Y %H:%M:%S")  # noqa: DTZ007, cells have no zone
    return text or None


def mt940_of(paper: Paper) -> bytes:
    since, until = paper.days
    fields = [
        ":20:STMT",
        f":25:{ACCOUNT}",
        ":28C:15/1",
        f":60F:{_mt_balance(paper.opening, since, paper.currency)}",
    ]
    for line in paper.lines:
        mark = "C" if line.amount > 0 else "D"
        entry = f"{line.day:%y%m%d%m%d}{mark}{abs(line.amount)},"
        fields += [f":61:{entry}NTRF{line.reference}//{line.reference}"]
        wrapped = [
            line.narrative[start : start + 65] for start in range(0, len(line.narrative), 65)
        ]
        fields += [":86:" + "\r\n".join(wrapped)]
    closing = _mt_balance(paper.closing, until, paper.currency)
    return "\r\n".join([*fields, f":62F:{closing}", "-", ""]).encode()


def _mt_balance(figure: int, day: date, currency: str) -> str:
    return f"{'D' if figure < 0 else 'C'}{day:%y%m%d}{currency}{abs(figure)},00"


def camt_of(paper: Paper, entries: str | None = None, version: str = "08") -> bytes:
    since, until = paper.days
    shown = entries if entries is not None else "\n".join(camt_entry(line) for line in paper.lines)
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.{version}">'
        f"<BkToCstmrStmt><Stmt><Id>S</Id><FrToDt><FrDtTm>{since}T00:00:00+07:00</FrDtTm>"
        f"<ToDtTm>{until}T23:59:59+07:00</ToDtTm></FrToDt>"
        f"<Acct><Id><Othr><Id>{ACCOUNT}</Id></Othr></Id><Ccy>{paper.currency}</Ccy></Acct>"
        f"{_camt_balance('OPBD', paper.opening, since, paper.currency)}"
        f"{_camt_balance('CLBD', paper.closing, until, paper.currency)}\n"
        f"{shown}\n</Stmt></BkToCstmrStmt></Document>\n"
    ).encode()


def camt_entry(line: Line, more: str = "", status: str = "<Cd>BOOK</Cd>") -> str:
    mark = "CRDT" if line.amount > 0 else "DBIT"
    return (
        f'<Ntry><NtryRef>{line.reference}</NtryRef><Amt Ccy="VND">{abs(line.amount)}</Amt>'
        f"<CdtDbtInd>{mark}</CdtDbtInd><Sts>{status}</Sts>"
        f"<BookgDt><DtTm>{line.day}T{line.at}+07:00</DtTm></BookgDt>"
        f"<NtryDtls>{more or camt_part(line)}</NtryDtls></Ntry>"
    )


def camt_part(line: Line, more: str = "") -> str:
    safe = line.narrative.replace("&", "&amp;").replace("<", "&lt;")
    return (
        f'<TxDtls><Amt Ccy="VND">{abs(line.amount)}</Amt>'
        f"<RmtInf><Ustrd>{safe}</Ustrd></RmtInf>{more}</TxDtls>"
    )


def _camt_balance(code: str, figure: int, day: date, currency: str) -> str:
    mark = "DBIT" if figure < 0 else "CRDT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="{currency}">{abs(figure)}</Amt><CdtDbtInd>{mark}</CdtDbtInd>'
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


FORMATS: dict[str, Callable[[Paper], bytes]] = {
    "csv": csv_of,
    "xlsx": xlsx_of,
    "mt940": mt940_of,
    "camt053": camt_of,
}


def read(raw: bytes, **mapping: object) -> BankStatement:
    return read_bank_statement("sao-ke.dat", raw, mapping)


def refusal(raw: bytes, **mapping: object) -> str:
    """Why the file is refused."""
    with pytest.raises(InvalidStatement) as refused:
        read(raw, **mapping)
    return str(refused.value)


def core(entry: BankEntry) -> tuple[str, date, int, str, int]:
    """What every format can say of an entry."""
    return entry.reference, entry.booked_on, entry.amount, entry.narrative, entry.occurrence


words = st.text("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.,;", min_size=1, max_size=12)
lines = st.builds(
    Line,
    amount=st.integers(-900_000_000, 900_000_000).filter(bool),
    reference=st.from_regex(r"FT[0-9]{1,3}", fullmatch=True),
    narrative=st.lists(words, min_size=1, max_size=12).map(lambda parts: "X" + " ".join(parts)),
    day=st.dates(date(2026, 1, 1), date(2026, 12, 31)),
    at=st.builds(time, st.integers(0, 23), st.integers(0, 59), st.integers(1, 59)),
)
papers = st.builds(
    Paper,
    lines=st.lists(lines, min_size=1, max_size=8).map(tuple),
    opening=st.integers(-10_000_000, 10_000_000_000),
)
