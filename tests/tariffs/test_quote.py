"""`parking quote`, as scripts and people use it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from parking.languages import explain
from parking.tariffs.commands import quote
from payments.errors import Complaint
from tests.tariffs.building import write


def run(*options: str, **changed: str) -> Result:
    asked = {
        "tariff": "hn-dong-da",
        "vehicle": "car",
        "entry": "2026-11-23T08:00",
        "exit": "2026-11-23T17:00",
        **changed,
    }
    given = [
        text for name, value in asked.items() for text in (f"--{name.replace('_', '-')}", value)
    ]
    return CliRunner().invoke(quote, [*given, *options])


def answer(**changed: str) -> dict[str, Any]:
    result = run("--json", "--language", "en", **changed)
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def complaint(**changed: str) -> Complaint:
    error = run(**changed).exception
    assert isinstance(error, Complaint)
    return error


def test_a_script_gets_amount_tariff_version_and_lines() -> None:
    found = answer()
    assert {key: found[key] for key in ("amount", "currency", "tariff", "version")} == {
        "amount": 345_000, "currency": "VND", "tariff": "hn-dong-da", "version": 1,
    }  # fmt: skip
    assert [line["amount"] for line in found["lines"]] == [50_000, 70_000, 225_000]
    assert found["lines"][0]["text"] == "Hours 1–2: 2 × VND\u00a025,000"
    assert (found["status"], found["unverified"]) == ("press", True)
    assert "44/2017" in found["sources"][0]


def test_times_without_offset_are_local_and_others_are_converted() -> None:
    found = answer(entry="2026-11-23T01:00Z", exit="2026-11-23T17:00")
    assert (found["amount"], found["entry"]) == (345_000, "2026-11-23T08:00:00+07:00")


def test_the_local_day_of_entry_chooses_the_version(tmp_path: Path) -> None:
    path = write(tmp_path, 'turn = 5\nrestarts = "24h"')
    text = path.read_text(encoding="utf-8")
    later = text[text.index("[[tariff]]") :].replace("version = 1", "version = 2")
    later = later.replace("2018-01-01", "2026-12-01").replace("turn = 5", "turn = 6")
    path.write_text(text + later, encoding="utf-8")
    city = {"tariff": "test", "tariff_file": str(path), "exit": "2026-12-01T12:00"}
    assert answer(entry="2026-11-30T23:59", **city)["version"] == 1
    assert answer(entry="2026-11-30T17:00Z", **city)["amount"] == 6


def test_a_person_gets_a_calm_table_in_vietnamese() -> None:
    result = run()
    assert result.exit_code == 0
    assert result.stdout.replace("\u00a0", " ").splitlines() == [
        "Đống Đa, ô tô (hn-dong-da, phiên bản 1)",
        "23/11/2026 08:00 → 23/11/2026 17:00",
        "",
        "Giờ 1–2: 2 × 25.000 ₫   50.000 ₫",
        "Giờ 3–4: 2 × 35.000 ₫   70.000 ₫",
        "Giờ 5–9: 5 × 45.000 ₫  225.000 ₫",
        "────────────────────────────────",
        "Tổng cộng              345.000 ₫",
        "Mức giá này chưa được thành phố xác nhận",
    ]


def test_a_signed_tariff_needs_no_warning(tmp_path: Path) -> None:
    path = write(tmp_path, "turn = 5")
    result = run("--language", "en", tariff="test", tariff_file=str(path))
    assert result.stdout.splitlines()[-1].startswith("Total price")


@pytest.mark.parametrize("text", ["now", "2026-13-01T00:00", "23/11/2026", "", "9999-12-31T23:59Z"])
def test_a_time_that_is_none_is_refused_by_name(text: str) -> None:
    error = complaint(entry=text)
    assert error.exit_code == 2
    assert str(error) == f"--entry {text} is not a time; write it as 2026-11-23T08:30."
    assert "\n" not in explain(error)


def test_what_does_not_exist_is_named() -> None:
    assert "no tariff hn-x; there are hn-hoan-kiem-restricted" in str(complaint(tariff="hn-x"))
    assert "no price for truck" in str(complaint(vehicle="truck"))
    assert "is before the entry" in str(complaint(exit="2026-11-23T07:00"))
    assert complaint(tariff_file="/nowhere.toml").exit_code == 2
