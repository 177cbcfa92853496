"""MT940 is read field by field: a reversal takes away, nothing is passed over."""

from __future__ import annotations

from datetime import date

import pytest

from tests.statements.kit import ACCOUNT, PAPER, Line, Paper, mt940_of, read, refusal


def statement(
    *middle: str, opening: str = "C261119VND0,00", closing: str = "C261119VND0,"
) -> bytes:
    head = [":20:S", f":25:{ACCOUNT}", ":28C:15/1", f":60F:{opening}"]
    return "\r\n".join([*head, *middle, f":62F:{closing}", "-"]).encode()


@pytest.mark.parametrize(
    ("mark", "amount", "reversal"),
    [("C", 5_000, False), ("D", -5_000, False), ("RC", -5_000, True), ("RD", 5_000, True),
     ("CD", 5_000, False), ("RCD", -5_000, True)],
)  # fmt: skip
def test_a_reversal_of_a_credit_takes_away(mark: str, amount: int, reversal: bool) -> None:
    """The last two carry a funds code, the third letter of the currency."""
    sign = "C" if amount > 0 else "D"
    raw = statement(f":61:2611191119{mark}5000,00NTRFNONREF", closing=f"{sign}261119VND5000,")
    found = read(raw).entries[0]
    assert (found.amount, found.reversal) == (amount, reversal)


@pytest.mark.parametrize(
    ("references", "reference"),
    [("FT1//FT2", "FT2"), ("FT1", "FT1"), ("NONREF//FT2", "FT2"), ("NONREF", ""), ("A/B//C/D", "C/D"),
     ("//FT2", "FT2"), ("FT1//", "FT1")],
)  # fmt: skip
def test_the_banks_reference_comes_first(references: str, reference: str) -> None:
    raw = statement(f":61:261119C5,NTRF{references}", closing="C261119VND5,")
    assert read(raw).entries[0].reference == reference


@pytest.mark.parametrize(
    ("dates", "booked_on"),
    [
        ("261119", date(2026, 11, 19)),
        ("2611181119", date(2026, 11, 19)),
        ("2601021231", date(2025, 12, 31)),
        ("2512310102", date(2026, 1, 2)),
        ("2803010229", date(2028, 2, 29)),
    ],
)
def test_the_entry_date_takes_the_year_nearest_to_the_value_date(
    dates: str, booked_on: date
) -> None:
    raw = statement(f":61:{dates}C5,NTRFA", closing="C281231VND5,")
    assert read(raw).entries[0].booked_on == booked_on


def test_a_narrative_is_joined_as_it_was_wrapped_and_details_follow_it() -> None:
    raw = statement(
        ":61:261119C5,NTRFA", "FROM DETAILS", ":86:nd PK", "ABC toi ", "001",
        ":61:261119D5,NTRFB", ":61:261119C5,NTRFC", "ONLY DETAILS", ":61:261119D5,NTRFD",
    )  # fmt: skip
    narratives = [found.narrative for found in read(raw).entries]
    assert narratives == ["nd PKABC toi 001 FROM DETAILS", "", "ONLY DETAILS", ""]


def test_an_envelope_line_feeds_and_closing_words_make_no_difference() -> None:
    plain = mt940_of(PAPER)
    envelope = b"{1:F01BANKVNVXAXXX0000000000}{2:O9400000}{4:\r\n" + plain.rstrip() + b"}\r\n"
    closing = plain.replace(
        b"-\r\n", b":64:C261119VND1,\r\n:65:C261120VND1,\r\n:86:GOODBYE\r\n-\r\n"
    )
    for raw in (envelope, plain.replace(b"\r\n", b"\n"), b"\xef\xbb\xbf" + plain, closing):
        assert read(raw) == read(plain)
    assert read(plain.replace(b":25:", b":25:970436/")).account == ACCOUNT
    assert read(plain.replace(b":25:", b":21:NONREF\r\n:25:")) == read(plain)


def pages(*changes: tuple[str, str]) -> bytes:
    """Three pages of one statement, with `changes` made to them."""
    text = ""
    for page, (opens, opening, closes, closing) in enumerate(
        [("60F", 0, "62M", 5), ("60M", 5, "62M", 12), ("60M", 12, "62F", 10)], start=1
    ):
        mark = "C" if closing > opening else "D"
        text += (
            f":20:S\n:25:{ACCOUNT}\n:28C:15/{page}\n:{opens}:C261119VND{opening},\n"
            f":61:261119{mark}{abs(closing - opening)},NTRFP{page}\n"
            f":{closes}:C261119VND{closing},\n-\n"
        )
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    return text.encode()


def test_pages_make_one_statement() -> None:
    found = read(pages())
    assert [(e.reference, e.amount) for e in found.entries] == [("P1", 5), ("P2", 7), ("P3", -2)]
    assert (found.opening, found.closing) == (0, 10)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (("15/2", "15/3"), "this page does not continue the one before"),
        (("15/3", "16/3"), "this page does not continue the one before"),
        (("60M:C261119VND5,", "60M:C261119VND6,"), "does not continue the one before"),
        (("60M:C261119VND12,", "60F:C261119VND12,"), "fields 60M and 62F are expected here"),
        (("62F", "62M"), "fields 60M and 62F are expected here"),
        (("60F", "60M"), "fields 60F and 62M are expected here"),
    ],
)
def test_a_page_that_is_missing_or_strange_is_refused(change: tuple[str, str], reason: str) -> None:
    assert reason in refusal(pages(change))


@pytest.mark.parametrize(
    ("field", "reason"),
    [
        (":61:261119E5,NTRFA", "line 5: 261119E5,NTRFA is not what field 61 looks like"),
        (":61:261119C5NTRFA", "is not what field 61 looks like"),
        (":61:261119C5,NTRF12345678901234567", "is not what field 61 looks like"),
        (":61:261319C5,NTRFA", "261319 is not a date"),
        (":61:2611190231C5,NTRFA", "0231 is not a date"),
        (":61:261119C5,50NTRFA", "5.50 is not an amount of VND"),
        (":61:261119C0,NTRFA", "line 5: an entry without an amount"),
        (":61:261120C5,NTRFA", "an entry of 2026-11-20 in a statement from"),
        (":86:narrative of nothing", "line 5: field 86 may not stand here"),
        (":99:strange", "line 5: field 99 may not stand here"),
        (":60F:C261119VND0,", "line 5: field 60F may not stand here"),
        ("-", None),
        ("- \r\nstray", "line 6: text outside of every field"),
    ],
)
def test_a_field_that_cannot_be_is_named_by_its_line(field: str, reason: str | None) -> None:
    raw = statement(field)
    if reason is None:
        assert read(raw).entries == ()
    else:
        assert reason in refusal(raw)


def test_balances_must_be_of_one_currency_and_whole() -> None:
    assert "line 5: the currency is USD, not VND" in refusal(statement(closing="C261119USD0,"))
    assert "C261119VND0 is not what field 62F looks like" in refusal(
        statement(closing="C261119VND0")
    )
    assert "the closing balance is missing" in refusal(statement().split(b":62F:")[0])


def test_an_overdrawn_account_has_negative_balances() -> None:
    found = read(mt940_of(Paper((Line(-5_000),), opening=-1_000)))
    assert (found.opening, found.closing) == (-1_000, -6_000)
