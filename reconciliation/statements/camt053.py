"""camt.053, the ISO 20022 bank-to-customer statement, versions 02, 04 and 08, read by local names.

One statement per file. Only booked entries count; pending ones are said again once they are booked. A batch
entry becomes one entry for each of its transactions when their amounts are given, else it stays one. The
sign comes from ``CdtDbtInd`` alone: a reversal (``RvslInd``) of a credit is marked as a debit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from decimal import Decimal

from payments.db import CITY_ZONE
from reconciliation.statements.amounts import Format, minor_units
from reconciliation.statements.doubts import Doubt
from reconciliation.statements.labels import account_number
from reconciliation.statements.layout import Layout
from reconciliation.statements.rows import BankEntry, BankStatement, Party, agreed, proved
from reconciliation.statements.xml_tree import Node, read_xml

_VERSION = re.compile(r"urn:iso:std:iso:20022:tech:xsd:camt\.053\.001\.(02|04|08)")
_AMOUNT = re.compile(r"\d{1,15}(\.\d{0,5})?", re.ASCII)
_NOT_BOOKED = {"PDNG", "INFO", "FUTR"}
_SIGNS = {"CRDT": 1, "DBIT": -1}
_NO_REFERENCE = {"", "NOTPROVIDED"}
#: Version 04 and 08 | version 02, where the transaction's own amount stands deeper.
_OWN_AMOUNT = ("Amt", "AmtDtls/TxAmt/Amt")


def read_camt053(raw: bytes, layout: Layout) -> BankStatement:
    """The statement in a camt.053 file. Raises `Doubt`."""
    statement = _statement(read_xml(raw))
    number = statement.need("Acct/Id/IBAN", "Acct/Id/Othr/Id")
    opening, closing = _balance(statement, "OPBD", "PRCD"), _balance(statement, "CLBD")
    currency = agreed(
        "currency", layout.currency, closing.need("Amt").attributes.get("Ccy", ""), closing.line
    )
    account = agreed(
        "account", account_number(layout.account), account_number(number.text), number.line
    )
    entries = tuple(entry for node in statement.all("Ntry") for entry in _entries(node, currency))
    since, until = _period(statement, closing, entries)
    found = BankStatement(
        account=account,
        currency=currency,
        opening=_signed(opening.need("Amt"), opening.need("CdtDbtInd"), currency),
        closing=_signed(closing.need("Amt"), closing.need("CdtDbtInd"), currency),
        since=since,
        until=until,
        entries=entries,
    )
    return proved(found, closing.line)


def _statement(root: Node) -> Node:
    spaces = [v for k, v in root.attributes.items() if k == "xmlns" or k.startswith("xmlns:")]
    if root.name != "Document" or not any(_VERSION.fullmatch(space) for space in spaces):
        raise Doubt(
            "not a camt.053 document of version 02, 04 or 08: %(name)s %(spaces)s",
            line=root.line, name=root.name, spaces=" ".join(spaces),
        )  # fmt: skip
    found = list(root.all("BkToCstmrStmt/Stmt"))
    if len(found) != 1:
        raise Doubt("%(count)s statements in one file, not one", line=root.line, count=len(found))
    return found[0]


def _balance(statement: Node, *codes: str) -> Node:
    """The one balance with the first of `codes` that stands in the statement."""
    coded = [(b.read("Tp/CdOrPrtry/Cd"), b) for b in statement.all("Bal")]
    code = next((code for code in codes if code in {c for c, _ in coded}), codes[0])
    found = [balance for c, balance in coded if c == code]
    if len(found) != 1:
        raise Doubt("there must be exactly one balance %(code)s", line=statement.line, code=code)
    return found[0]


def _signed(amount: Node, mark: Node, currency: str) -> int:
    """The amount of a balance, an entry or a transaction with the sign of its indicator."""
    unit = amount.attributes.get("Ccy", "")
    if unit != currency or not _AMOUNT.fullmatch(amount.text):
        raise Doubt(
            "%(amount)s is not an amount of %(currency)s",
            line=amount.line, amount=f"{amount.text} {unit}", currency=currency,
        )  # fmt: skip
    if mark.text not in _SIGNS:
        raise Doubt("%(mark)s is neither CRDT nor DBIT", line=mark.line, mark=mark.text)
    return _SIGNS[mark.text] * minor_units(Decimal(amount.text), Format(currency), amount.line)


def _entries(entry: Node, currency: str) -> Iterator[BankEntry]:
    status = entry.need("Sts/Cd", "Sts")
    if status.text in _NOT_BOOKED:
        return
    if status.text != "BOOK":
        raise Doubt("nobody knows the status %(status)s", line=status.line, status=status.text)
    total = _signed(entry.need("Amt"), entry.need("CdtDbtInd"), currency)
    parts = list(entry.all("NtryDtls/TxDtls"))
    if not any(part.first(*_OWN_AMOUNT) for part in parts):
        yield _entry(entry, parts, total)
        return
    amounts = [_part_amount(entry, part, currency) for part in parts]
    if sum(amounts) != total:
        raise Doubt(
            "the transactions of this entry make %(found)s, the entry says %(total)s",
            line=entry.line, found=sum(amounts), total=total,
        )  # fmt: skip
    for part, amount in zip(parts, amounts, strict=True):
        yield _entry(entry, [part], amount)


def _part_amount(entry: Node, part: Node, currency: str) -> int:
    mark = part.first("CdtDbtInd") or entry.need("CdtDbtInd")
    return _signed(part.need(*_OWN_AMOUNT), mark, currency)


def _entry(entry: Node, parts: Sequence[Node], amount: int) -> BankEntry:
    """One row for `parts`, the transactions it stands for: one, or all of them, or none known."""
    booked = entry.need("BookgDt/DtTm", "BookgDt/Dt")
    reversal = entry.read("RvslInd") in ("true", "1")
    texts = [node.text for part in parts for node in part.all("RmtInf/Ustrd")]
    return BankEntry(
        reference=_reference(entry, parts),
        booked_on=_day(booked),
        booked_at=_instant(booked) if booked.name == "DtTm" else None,
        amount=amount,
        narrative=_unwrapped(texts or [entry.read("AddtlNtryInf")]),
        counterparty=_party(parts[0], amount > 0, reversal) if len(parts) == 1 else Party(),
        reversal=reversal,
        line=entry.line,
    )


def _reference(entry: Node, parts: Sequence[Node]) -> str:
    """The bank's reference of the transaction, else of the entry, else the payer's own."""
    part = parts[0] if len(parts) == 1 else Node("TxDtls", entry.line)
    references = (
        part.read("Refs/AcctSvcrRef"),
        entry.read("AcctSvcrRef"),
        entry.read("NtryRef"),
        part.read("Refs/EndToEndId"),
    )
    return next((said for said in references if said not in _NO_REFERENCE), "")


def _party(part: Node, credit: bool, reversal: bool) -> Party:
    """The other side. In a reversal the parties keep the places they had in the first motion."""
    role = "Dbtr" if credit != reversal else "Cdtr"
    account = f"RltdPties/{role}Acct/Id"
    bank = f"RltdAgts/{role}Agt/FinInstnId"
    return Party(
        name=part.read(f"RltdPties/{role}/Nm", f"RltdPties/{role}/Pty/Nm"),
        account=part.read(f"{account}/IBAN", f"{account}/Othr/Id"),
        bank=part.read(f"{bank}/BIC", f"{bank}/BICFI", f"{bank}/Nm"),
    )


def _period(statement: Node, closing: Node, entries: Sequence[BankEntry]) -> tuple[date, date]:
    """The days the statement names, else from its first entry to its closing balance."""
    last = _day(closing.need("Dt/DtTm", "Dt/Dt"))
    since, until = statement.first("FrToDt/FrDtTm"), statement.first("FrToDt/ToDtTm")
    if since and until:
        return _day(since), _day(until)
    return min((entry.booked_on for entry in entries), default=last), last


def _unwrapped(texts: Sequence[str]) -> str:
    return " ".join(re.sub(r"[\r\n]+", "", text) for text in texts)


def _day(node: Node) -> date:
    """The day in Hanoi of a date or an instant."""
    return _instant(node).date()


def _instant(node: Node) -> datetime:
    """An instant of a date (its midnight) or a time, which is local where it names no offset."""
    try:
        said = datetime.fromisoformat(node.text)
        return said.astimezone(CITY_ZONE) if said.tzinfo else said.replace(tzinfo=CITY_ZONE)
    except (ValueError, OverflowError):
        raise Doubt("%(text)s is not a date", line=node.line, text=node.text) from None
