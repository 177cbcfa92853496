"""A day of a bank's book as a CSV of internet banking, as MT940 and as camt.053.001.08.

Layouts as in the protocol facts, section 2.4, and in the statement vectors, which these functions
print again character for character.
"""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import date, timedelta
from xml.sax.saxutils import escape

from tests.doubles.bank import Bank, Entry, Kind

CSV_WRAPS_AT, MT940_WRAPS_AT = 32, 65
HEADER = (
    "STT",
    "Ngày giao dịch",
    "Số tham chiếu",
    "Số tiền ghi nợ",
    "Số tiền ghi có",
    "Số dư",
    "Diễn giải",
)


@dataclass(frozen=True)
class Statement:
    """One day: `opening` plus the signed entries is `closing`."""

    account: str
    day: date
    opening: int
    closing: int
    entries: tuple[Entry, ...]

    @property
    def name(self) -> str:
        return f"STMT{self.day:%y%m%d}"


def statement(bank: Bank, day: date) -> Statement:
    """The book of `day`; the running balance is that of the order of booking."""
    before = sum(e.signed for e in bank.entries if e.booked < day)
    entries = tuple(bank.on(day))
    opening = bank.opening + before
    closing = opening + sum(e.signed for e in entries)
    return Statement(bank.owner.account, day, opening, closing, entries)


def chunks(text: str, width: int) -> list[str]:
    return [text[i : i + width] for i in range(0, len(text), width)] or [""]


def cell(entry: Entry) -> str:
    return "\n".join(chunks(entry.narrative, CSV_WRAPS_AT)) if entry.wraps else entry.narrative


def csv_row(number: int, entry: Entry, balance: int) -> list[str]:
    debit, credit = ("", f"{entry.amount:,}")
    if entry.signed < 0:
        debit, credit = credit, debit
    moment = f"{entry.at:%d/%m/%Y %H:%M:%S}"
    return [str(number), moment, entry.reference, debit, credit, f"{balance:,}", cell(entry)]


def as_csv(printed: Statement) -> str:
    """With byte order mark, preamble, thousands with commas and a row of totals."""
    day = f"{printed.day:%d/%m/%Y}"
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(["SAO KÊ TÀI KHOẢN / STATEMENT OF ACCOUNT"])
    writer.writerow(["Số tài khoản", printed.account])
    writer.writerow(["Loại tiền", "VND"])
    writer.writerow(["Từ ngày", day, "Đến ngày", day])
    writer.writerow([])
    writer.writerow(HEADER)
    balance = printed.opening
    for number, entry in enumerate(printed.entries, 1):
        balance += entry.signed
        writer.writerow(csv_row(number, entry, balance))
    debits = -sum(e.signed for e in printed.entries if e.signed < 0)
    credits = sum(e.signed for e in printed.entries if e.signed > 0)
    writer.writerow(["", "Tổng cộng", "", f"{debits:,}", f"{credits:,}", f"{balance:,}", ""])
    return "\N{ZERO WIDTH NO-BREAK SPACE}" + out.getvalue()


MARKS = {Kind.CREDIT: "C", Kind.DEBIT: "D", Kind.REVERSAL: "RC"}


def mt940_lines(entry: Entry) -> list[str]:
    mark, booked = MARKS[entry.kind], f"{entry.at:%y%m%d}{entry.booked:%m%d}"
    first, *rest = chunks(entry.narrative, MT940_WRAPS_AT)
    return [
        f":61:{booked}{mark}{entry.amount},00NTRF{entry.reference}//{entry.reference}",
        f":86:{first}",
        *rest,
    ]


def mt940_balance(tag: str, printed: Statement, amount: int) -> str:
    mark = "C" if amount >= 0 else "D"
    return f":{tag}:{mark}{printed.day:%y%m%d}VND{abs(amount)},00"


def as_mt940(printed: Statement) -> str:
    lines = [
        f":20:{printed.name}",
        f":25:{printed.account}",
        f":28C:{printed.day.timetuple().tm_yday}/1",
        mt940_balance("60F", printed, printed.opening),
        *(line for entry in printed.entries for line in mt940_lines(entry)),
        mt940_balance("62F", printed, printed.closing),
        "-",
    ]
    return "".join(f"{line}\r\n" for line in lines)


def direction(amount: int) -> str:
    return "CRDT" if amount >= 0 else "DBIT"


def camt_balance(code: str, printed: Statement, amount: int) -> str:
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="VND">{abs(amount)}</Amt><CdtDbtInd>{direction(amount)}</CdtDbtInd>'
        f"<Dt><Dt>{printed.day}</Dt></Dt></Bal>"
    )


def camt_entry(entry: Entry) -> str:
    amount = f'<Amt Ccy="VND">{entry.amount}</Amt><CdtDbtInd>{direction(entry.signed)}</CdtDbtInd>'
    reversal = "<RvslInd>true</RvslInd>" if entry.kind is Kind.REVERSAL else ""
    family = "RRCT" if entry.signed > 0 else "IRCT"
    reference = escape(entry.reference)
    return (
        f"<Ntry><NtryRef>{reference}</NtryRef>{amount}{reversal}<Sts><Cd>BOOK</Cd></Sts>"
        f"<BookgDt><Dt>{entry.booked}</Dt></BookgDt><ValDt><Dt>{entry.at:%Y-%m-%d}</Dt></ValDt>"
        f"<AcctSvcrRef>{reference}</AcctSvcrRef><BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{family}</Cd>"
        f"<SubFmlyCd>DMCT</SubFmlyCd></Fmly></Domn></BkTxCd><NtryDtls><TxDtls><Refs>"
        f"<AcctSvcrRef>{reference}</AcctSvcrRef><EndToEndId>NOTPROVIDED</EndToEndId></Refs>"
        f"{amount}<RmtInf><Ustrd>{escape(entry.narrative)}</Ustrd></RmtInf></TxDtls></NtryDtls>"
        "</Ntry>"
    )


def as_camt053(printed: Statement) -> str:
    """Printed at one in the morning of the next day, as the vector is."""
    made = f"<CreDtTm>{printed.day + timedelta(days=1)}T01:00:00+07:00</CreDtTm>"
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n'
        '<Document xmlns="urn:iso:std:iso:20022:tech:xsd:camt.053.001.08"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>{printed.name}</MsgId>{made}</GrpHdr>"
        f"<Stmt><Id>{printed.name}</Id><ElctrncSeqNb>{printed.day.timetuple().tm_yday}"
        f"</ElctrncSeqNb>{made}<FrToDt><FrDtTm>{printed.day}T00:00:00+07:00</FrDtTm>"
        f"<ToDtTm>{printed.day}T23:59:59+07:00</ToDtTm></FrToDt>"
        f"<Acct><Id><Othr><Id>{printed.account}</Id></Othr></Id><Ccy>VND</Ccy></Acct>"
        f"{camt_balance('OPBD', printed, printed.opening)}"
        f"{camt_balance('CLBD', printed, printed.closing)}"
        f"{''.join(map(camt_entry, printed.entries))}</Stmt></BkToCstmrStmt></Document>\n"
    )
