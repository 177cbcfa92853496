"""Vietnamese becomes what every bank lets through, and nothing else changes."""

from __future__ import annotations

import string
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from qr.vietqr import capitals, decode, encode, fold, plain
from tests.qr.test_vietqr import OURS


@pytest.mark.parametrize(
    ("given", "folded"),
    [
        ("Thanh toán gửi xe Đống Đa", "Thanh toan gui xe Dong Da"),
        ("đ/Đ: 5.000₫ – PKX7Q2M9RA!", "dD 5000  PKX7Q2M9RA"),
        ("  ở Lý Thường Kiệt ", "o Ly Thuong Kiet"),
        ("chuye\u0302\u0309n khoa\u0309n", "chuyen khoan"),
        ("…", ""),
    ],
)
def test_a_purpose_loses_what_banks_lose(given: str, folded: str) -> None:
    assert fold(given) == folded


@given(st.text())
def test_a_folded_purpose_stays_as_it_is_and_is_always_allowed(text: str) -> None:
    folded = fold(text)
    assert fold(folded) == folded
    assert set(folded) <= set(string.ascii_letters + string.digits + " ")
    assume(len(folded) <= 25)
    assert decode(encode(replace(OURS, purpose=folded))).purpose == folded


def test_names_are_written_as_banks_show_them() -> None:
    assert capitals("Công ty TNHH Khai thác & đỗ xe ") == "CONG TY TNHH KHAI THAC & DO XE"
    assert plain("Đỗ xe ở Lý Thường Kiệt") == "Do xe o Ly Thuong Kiet"
