"""Which files are believed: cut off, altered, foreign, senseless ones are refused whole."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from payments.provider import (
    Control,
    InvalidStatement,
    StatementFile,
)
from payments.providers.sandbox_file import parse_file
from payments.sandbox.lines import Line, render
from tests.sandbox.conftest import MORNING, TODAY, World


def sample() -> bytes:
    lines = [
        Line("L1", "payment", "PK1", "T1", MORNING, 20_000, 220, "Hàng Trống, số 1"),
        Line("L2", "refund", "PK1", "R1", MORNING, -5_000, 0, 'with "quotes"'),
        Line("L3", "other", "", "I1", MORNING, 12_345, 0, "interest"),
    ]
    return render("sandbox-settlement", "an", TODAY, MORNING, lines)


def parse(raw: bytes) -> StatementFile:
    """The file with its lines, read."""
    file = parse_file("sandbox-settlement", "an", TODAY, raw)
    return replace(file, lines=tuple(file.lines))


def test_what_was_rendered_is_read_back(world: World) -> None:
    file = parse(sample())
    assert [line.line_ref for line in file.lines] == ["L1", "L2", "L3"]
    assert next(iter(file.lines)).text == "Hàng Trống, số 1"
    assert file.control == Control(3, 27_345, 220, 27_125)
    assert file.raw == sample()


def test_a_file_cut_off_anywhere_is_refused_whole() -> None:
    raw = sample()
    for length in range(len(raw)):
        with pytest.raises(InvalidStatement):
            parse(raw[:length])


@settings(deadline=None, max_examples=100)
@given(data=st.data())
def test_a_file_with_any_altered_byte_is_refused_whole(data: st.DataObject) -> None:
    raw = bytearray(sample())
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(InvalidStatement):
        parse(bytes(raw))


@settings(deadline=None, max_examples=100)
@given(raw=st.binary(max_size=200))
def test_any_other_bytes_are_refused_not_a_crash(raw: bytes) -> None:
    with pytest.raises(InvalidStatement):
        parse(raw)


def resealed(change: Callable[[str], str]) -> bytes:
    """The sample with its lines changed and an honest checksum over the change."""
    before, tail = sample().decode().rsplit("\nT,", 1)
    changed = (change(before) + "\n").encode("utf-8", "surrogateescape")
    totals = tail.split(",")[:4]
    return changed + ",".join(["T", *totals, hashlib.sha256(changed).hexdigest()]).encode() + b"\n"


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("L1,payment", "L1,gift", "line 3: unknown kind 'gift'"),
        ("L1,payment", ",payment", "line 3: a line needs a reference"),
        ("L2,refund", "L1,refund", "line 4: line reference L1 stands twice"),
        ("-5000,0,-5000", "-5000,1,-5000", "line 4: gross -5000 less fee 1 is not net -5000"),
        ("-5000,0,-5000", "-5000,0", "line 4: 9 columns instead of 10"),
        ("-5000,0,-5000", "-5e3,0,-5000", "line 4: '-5e3' is not a whole amount"),
        ("-5000,0,-5000", "-6000,0,-6000", "line 6: the totals are not those of the lines"),
        ("12345,0,12345,VND", "12345,0,12345,DONG", "line 5: DONG is not a currency"),
        ("2026-11-20T08:00:00+07:00,20000", "2026-11-20T08:00:00,20000", "line 3: a line needs"),
        ("2026-11-20T08:00:00+07:00,20000", "yesterday,20000", "line 3: Invalid isoformat"),
        ("line_ref,kind", "kind,line_ref", "line 2: the columns must be line_ref, kind"),
        ("H,1,", "H,2,", "line 1: not the head"),
        (",an,", ",binh,", "line 1: about sandbox-settlement, binh"),
        ("an,2026-11-20", "an,2026-11-21", "line 1: about"),
        ("sandbox-settlement", "sandbox-bank", "line 1: about"),
        (",complete", ",perhaps", "line 1: neither complete nor partial"),
        ('"with ""quotes"""', '"with "quotes', "line 4: "),
        ("interest", "\udcff", "line 5: not UTF-8"),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_naming_line_and_reason(
    old: str, new: str, reason: str
) -> None:
    raw = resealed(lambda text: text.replace(old, new, 1))
    with pytest.raises(InvalidStatement) as refused:
        parse(raw)
    assert reason in str(refused.value)
    assert "sandbox-settlement-an-2026-11-20.csv" in str(refused.value)


def test_a_partial_file_says_so() -> None:
    assert parse(resealed(lambda text: text.replace(",complete", ",partial"))).complete is False


@settings(deadline=None, max_examples=50)
@given(
    st.lists(
        st.tuples(
            st.integers(-(10**12), 10**12), st.integers(0, 10**6), st.text(max_size=20)
        ),
        max_size=20,
    )
)  # fmt: skip
def test_whatever_is_written_is_read_back(rows: list[tuple[int, int, str]]) -> None:
    lines = [
        Line(f"L{n}", "payment", "PK1", "T1", MORNING, gross, fee, text)
        for n, (gross, fee, text) in enumerate(rows)
        if text.isprintable()
    ]
    file = parse(render("sandbox-settlement", "an", TODAY, MORNING, lines))
    assert [(line.gross, line.fee, line.text) for line in file.lines] == [
        (line.gross, line.fee, line.text) for line in lines
    ]
