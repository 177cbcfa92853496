"""camt.053: only what is booked, batches taken apart, nothing declared, nothing expanded."""

from __future__ import annotations

from datetime import date

import pytest

from reconciliation.statements.xml_tree import DEEPEST
from tests.statements.kit import (
    ACCOUNT,
    DAY,
    PAPER,
    Line,
    Paper,
    camt_entry,
    camt_of,
    camt_part,
    core,
    read,
    refusal,
)

BATCH = Paper((Line(12_000, "B1"),))
PARTS = camt_part(Line(5_000, narrative="A")) + camt_part(Line(7_000, narrative="B"))


def batch(parts: str, entry: Line = BATCH.lines[0]) -> bytes:
    return camt_of(BATCH, camt_entry(entry, parts))


@pytest.mark.parametrize("version", ["02", "04", "08"])
def test_three_versions_are_read(version: str) -> None:
    raw = camt_of(PAPER, version=version)
    if version == "02":
        raw = raw.replace(b"<Sts><Cd>BOOK</Cd></Sts>", b"<Sts>BOOK</Sts>")
    assert read(raw) == read(camt_of(PAPER))


def test_a_prefix_before_every_name_makes_no_difference() -> None:
    raw = camt_of(PAPER).replace(b"</", b"</c:").replace(b"<", b"<c:").replace(b"<c:/c:", b"</c:")
    raw = raw.replace(b"<c:?", b"<?").replace(b"xmlns=", b"xmlns:c=")
    assert read(raw) == read(camt_of(PAPER))


def test_a_batch_becomes_its_transactions() -> None:
    found = read(batch(PARTS))
    assert [(e.reference, e.amount, e.narrative) for e in found.entries] == [
        ("B1", 5_000, "A"),
        ("B1", 7_000, "B"),
    ]


def test_in_version_02_a_transactions_amount_stands_deeper() -> None:
    parts = PARTS.replace("<Amt ", "<AmtDtls><TxAmt><Amt ").replace(
        "</Amt>", "</Amt></TxAmt></AmtDtls>"
    )
    assert read(batch(parts)) == read(batch(PARTS))


def test_a_batch_without_amounts_stays_one_entry_with_every_narrative() -> None:
    parts = "<TxDtls><RmtInf><Ustrd>A</Ustrd><Ustrd>B</Ustrd></RmtInf></TxDtls><TxDtls/>"
    entry = read(batch(parts)).entries[0]
    assert (entry.amount, entry.narrative) == (12_000, "A B")


def test_a_batch_may_hold_money_both_ways() -> None:
    parts = camt_part(Line(15_000)) + camt_part(Line(3_000), "<CdtDbtInd>DBIT</CdtDbtInd>")
    assert [entry.amount for entry in read(batch(parts)).entries] == [15_000, -3_000]


@pytest.mark.parametrize(
    ("parts", "reason"),
    [
        (
            PARTS + camt_part(Line(1)),
            "the transactions of this entry make 12001, the entry says 12000",
        ),
        (camt_part(Line(5_000)), "the transactions of this entry make 5000"),
        (PARTS + "<TxDtls/>", "TxDtls has no Amt | AmtDtls/TxAmt/Amt"),
        (PARTS.replace('"VND"', '"USD"', 1), "5000 USD is not an amount of VND"),
    ],
)
def test_a_batch_that_does_not_add_up_is_refused(parts: str, reason: str) -> None:
    assert reason in refusal(batch(parts))


@pytest.mark.parametrize("status", ["<Cd>PDNG</Cd>", "PDNG", "<Cd>INFO</Cd>", "FUTR"])
def test_what_is_not_booked_does_not_count(status: str) -> None:
    entries = camt_entry(PAPER.lines[0]) + camt_entry(Line(9_999), status=status)
    found = read(camt_of(Paper(PAPER.lines[:1]), entries))
    assert [entry.amount for entry in found.entries] == [5_000]


def test_a_status_nobody_knows_is_refused() -> None:
    assert "nobody knows the status GONE" in refusal(
        camt_of(BATCH, camt_entry(BATCH.lines[0], status="GONE"))
    )


def test_a_reversed_credit_takes_away_and_keeps_its_payer() -> None:
    parties = (
        "<RltdPties><Dbtr><Pty><Nm>NGUYEN VAN A</Nm></Pty></Dbtr>"
        "<DbtrAcct><Id><Othr><Id>0010000000001</Id></Othr></Id></DbtrAcct>"
        "<Cdtr><Nm>BAI XE</Nm></Cdtr></RltdPties>"
        "<RltdAgts><DbtrAgt><FinInstnId><BICFI>BFTVVNVX</BICFI></FinInstnId></DbtrAgt></RltdAgts>"
    )
    credit, debit = Line(5_000, "FT1"), Line(-5_000, "FT2")
    entries = camt_entry(credit, camt_part(credit, parties)) + camt_entry(
        debit, camt_part(debit, parties)
    ).replace("</CdtDbtInd><Sts>", "</CdtDbtInd><RvslInd>true</RvslInd><Sts>")
    came, went = read(camt_of(Paper((credit, debit)), entries)).entries
    assert (came.amount, came.reversal, went.amount, went.reversal) == (5_000, False, -5_000, True)
    assert came.counterparty == went.counterparty
    assert came.counterparty.name == "NGUYEN VAN A"
    assert (came.counterparty.account, came.counterparty.bank) == ("0010000000001", "BFTVVNVX")


def test_the_other_side_of_a_payment_of_ours_is_its_creditor() -> None:
    parties = "<RltdPties><Dbtr><Nm>BAI XE</Nm></Dbtr><Cdtr><Nm>EVN</Nm></Cdtr></RltdPties>"
    debit = Line(-5_000)
    found = read(camt_of(Paper((debit,)), camt_entry(debit, camt_part(debit, parties))))
    assert found.entries[0].counterparty.name == "EVN"


@pytest.mark.parametrize(
    ("old", "new", "reference"),
    [
        ("<TxDtls>", "<TxDtls><Refs><AcctSvcrRef>T</AcctSvcrRef></Refs>", "T"),
        ("</BookgDt>", "</BookgDt><AcctSvcrRef>E</AcctSvcrRef>", "E"),
        ("<TxDtls>", "<TxDtls><Refs><EndToEndId>NOTPROVIDED</EndToEndId></Refs>", "B1"),
        ("<NtryRef>B1</NtryRef>", "", ""),
    ],
)
def test_the_nearest_reference_of_the_bank_is_taken(old: str, new: str, reference: str) -> None:
    raw = camt_of(BATCH).decode().replace(old, new)
    assert read(raw.encode()).entries[0].reference == reference


def test_without_a_remittance_text_the_entrys_own_counts() -> None:
    entry = camt_entry(BATCH.lines[0], "<X/>").replace(
        "</Ntry>", "<AddtlNtryInf>PHI</AddtlNtryInf></Ntry>"
    )
    assert read(camt_of(BATCH, entry)).entries[0].narrative == "PHI"


def test_instants_are_told_in_hanois_days() -> None:
    """23:30 in London is the next morning here; a time without an offset is ours."""
    raw = camt_of(BATCH).decode().replace("T08:30:00+07:00", "T18:30:00Z").encode()
    late = raw.replace(f"{DAY}T23:59:59+07:00".encode(), f"{DAY.replace(day=20)}T23:59:59".encode())
    assert "an entry of 2026-11-20" in refusal(raw)
    assert read(late).entries[0].booked_on == date(2026, 11, 20)
    plain = camt_of(BATCH).decode().replace("T08:30:00+07:00", "T08:30:00").encode()
    assert read(plain) == read(camt_of(BATCH))


def test_a_statement_without_a_period_reaches_from_its_first_entry_to_its_closing() -> None:
    text = camt_of(PAPER).decode()
    start, end = text.index("<FrToDt>"), text.index("<Acct>")
    found = read((text[:start] + text[end:]).encode())
    assert (found.since, found.until) == (DAY, DAY)


def test_the_account_may_be_an_iban_and_the_opening_the_last_closing() -> None:
    raw = camt_of(PAPER).decode().replace("OPBD", "PRCD")
    raw = raw.replace(f"<Othr><Id>{ACCOUNT}</Id></Othr>", "<IBAN>GB29NWBK60161331926819</IBAN>")
    found = read(raw.encode())
    assert found.account == "GB29NWBK60161331926819"
    assert [core(entry) for entry in found.entries] == [
        core(entry) for entry in read(camt_of(PAPER)).entries
    ]


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("camt.053.001.08", "camt.053.001.09", "not a camt.053 document of version 02, 04 or 08"),
        ("camt.053.001.08", "camt.052.001.08", "not a camt.053 document of version 02, 04 or 08"),
        ("</Stmt>", "</Stmt><Stmt/>", "2 statements in one file, not one"),
        ("CLBD", "CLAV", "there must be exactly one balance CLBD"),
        ("CLBD", "OPBD", "there must be exactly one balance OPBD"),
        ("<BookgDt>", "<ValDt>", "not well-formed XML"),
        ("CRDT", "BOTH", "BOTH is neither CRDT nor DBIT"),
        (">12000<", ">12000.5<", "12000.5 is not an amount of VND"),
        (">12000<", ">1e4<", "1e4 VND is not an amount of VND"),
        (f"{DAY}T08", f"{DAY}T88", "is not a date"),
        (">12000<", ">0<", "an entry without an amount"),
        ("<Sts>", "<Stz/><Sts>", None),
        ("<Stmt>", "<Stmt>" + "<x>" * DEEPEST + "</x>" * DEEPEST, "nested more than 40 deep"),
        ('encoding="UTF-8"', 'encoding="klingon"', "not well-formed XML"),
    ],
)
def test_a_document_that_cannot_be_is_refused(old: str, new: str, reason: str | None) -> None:
    text = camt_of(BATCH, camt_entry(BATCH.lines[0], "<TxDtls/>")).decode()
    assert old in text
    raw = text.replace(old, new).encode()
    if reason is None:
        assert len(read(raw).entries) == 1
    else:
        assert reason in refusal(raw)


@pytest.mark.parametrize(
    "declared",
    [
        '<!DOCTYPE Document [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;">]>',
        '<!DOCTYPE Document [<!ENTITY a SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Document SYSTEM "http://127.0.0.1/camt.dtd">',
        "<!DOCTYPE Document>",
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
def test_declarations_of_any_kind_are_refused(declared: str, encoding: str) -> None:
    head, mark, rest = camt_of(PAPER).decode().partition("?>")
    raw = (head + mark + declared + rest).encode(encoding)
    assert "a document type or entities are declared" in refusal(raw)


def test_an_entity_nobody_declared_is_refused() -> None:
    raw = camt_of(PAPER).replace(b"TIEN DIEN", b"&a;")
    assert "line 4: not well-formed XML" in refusal(raw)
