"""`parking trace` on a terminal and for programs."""

from __future__ import annotations

import json

import pytest
from click.testing import CliRunner, Result

from parking.commands.trace import describe, trace
from parking.trace.model import Stage, Step
from payments.errors import NotFound
from tests.trace.conftest import Paid, settle


def run(paid: Paid, *words: str) -> Result:
    return CliRunner().invoke(trace, words, obj=lambda: paid.town.house)


def test_a_code_read_aloud_word_by_word_is_followed(paid: Paid) -> None:
    settle(paid.town)
    code = paid.payment.code
    shown = run(paid, code[:2], code[2:6], code[6:])
    assert shown.exit_code == 0
    lines = shown.stdout.splitlines()
    assert any("VND\u00a050,000" in line and "Đã nhận tiền / Money received" in line
               for line in lines)  # fmt: skip
    assert any("Xe 30A-123.45 vào bãi" in line for line in lines)


def test_a_batch_lists_what_it_is_made_of(paid: Paid) -> None:
    settle(paid.town)
    found = json.loads(run(paid, paid.payment.code, "--json").stdout)
    batch = next(step for step in found["steps"] if step["text"].startswith("Payout received"))
    shown = run(paid, batch["reference"])
    assert paid.payment.code in shown.stdout.splitlines()[-1]
    told = json.loads(run(paid, batch["reference"], "--json").stdout)
    assert [share["payment"] for share in told["shares"]] == [paid.payment.code]


def test_an_unknown_key_ends_with_code_1(paid: Paid) -> None:
    refused = run(paid, "nothing")
    assert isinstance(refused.exception, NotFound)
    assert refused.exception.exit_code == 1


def test_no_key_is_wrong_usage(paid: Paid) -> None:
    assert run(paid).exit_code == 2


@pytest.mark.parametrize(("missing", "sign"), [(True, "?"), (False, " ")])
def test_what_has_not_happened_is_marked(missing: bool, sign: str) -> None:
    line = describe(Step(Stage.BANK, "Money received", "REF", amount=5, missing=missing))
    assert line[20] == sign
    assert line.endswith("REF")
