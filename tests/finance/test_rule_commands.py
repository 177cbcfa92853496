"""`parking rules`: proposed and looked at on the prompt, approved by somebody else on the page."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pytest
from click.testing import CliRunner, Result
from sqlalchemy import select

from parking.commands.rules import rules
from payments.accounts import account_by_slug
from payments.errors import Complaint
from reconciliation.rules.deciding import approve
from reconciliation.rules.models import LineRule, OtherLine
from tests.finance.conftest import Desk
from tests.statements.desk import UploadDesk
from tests.statements.kit import Line, Paper, csv_of

SAYS = ("--leg", "settlement", "--sign", "out", "--words", "tiền điện", "--label", "Tiền điện")
POWER = Line(-900_000, "FT1", "EVN HN thu TIEN DIEN T11")


@dataclass
class Prompt:
    """A shell beside the finance office."""

    office: Desk

    def run(self, *words: str) -> Result:
        return CliRunner().invoke(rules, words, obj=lambda: self.office.town.house)

    def said(self, *words: str) -> str:
        result = self.run(*words)
        assert result.exit_code == 0, result.output
        return result.stdout.strip()

    def refusal(self, *words: str) -> str:
        error = self.run(*words).exception
        assert isinstance(error, Complaint), error
        return str(error)

    def approve(self, rule_id: str, actor: str = "person:binh") -> None:
        """Somebody presses the button on the page."""
        with self.office.town.house.databases.write.begin() as tx:
            rule = next(rule for rule in tx.scalars(select(LineRule)) if str(rule.id) == rule_id)
            approve(tx, rule.id, actor, self.office.town.now)

    def hand_in(self, *lines: Line) -> None:
        """A bank's statement, read and compared."""
        house = self.office.town.house
        with house.databases.read() as tx:
            account = account_by_slug(tx, "hk-vietqr")
        UploadDesk(house.databases, house.gateways, account).hand_in(csv_of(Paper(lines)))


@pytest.fixture
def prompt(office: Desk) -> Prompt:
    return Prompt(office)


def test_a_rule_is_proposed_and_shown_with_what_it_would_name(prompt: Prompt) -> None:
    prompt.hand_in(POWER, Line(-4_000, "FT2", "CTY ABC tien thue ki ot"))
    rule_id = prompt.said("propose", "--operator", "hoan-kiem", *SAYS, "--most", "1000000")
    told = json.loads(prompt.said("show", rule_id, "--json"))
    assert (told["state"], told["names"], told["most"]) == ("waiting", 0, 1_000_000)
    assert [line["amount"] for line in told["would_name"]] == [-900_000]
    shown = prompt.run("show", rule_id)
    assert "EVN HN thu TIEN DIEN T11" in shown.stdout
    assert "It would name 1 lines" in shown.stderr
    assert prompt.said("list").startswith(f"{rule_id}  waiting  hoan-kiem  settlement  out")


def test_the_prompt_is_never_the_second_person(prompt: Prompt) -> None:
    rule_id = prompt.said("propose", "--account", "hk-vietqr", *SAYS)
    assert prompt.run("approve", rule_id).exit_code == 2
    with pytest.raises(Complaint, match="it takes another person"):
        prompt.approve(rule_id, "command")
    prompt.approve(rule_id)
    prompt.hand_in(POWER)
    (told,) = json.loads(prompt.said("list", "--json"))
    assert (told["state"], told["account"], told["names"]) == ("counting", "hk-vietqr", 1)
    assert (told["proposed_by"], told["approved_by"]) == ("command", "person:binh")


def test_a_rule_that_follows_another_is_its_next_version(prompt: Prompt) -> None:
    first = prompt.said("propose", "--operator", "hoan-kiem", *SAYS)
    prompt.approve(first)
    second = prompt.said("propose", "--operator", "hoan-kiem", *SAYS, "--follows", first)
    prompt.approve(second)
    told = {one["id"]: one for one in json.loads(prompt.said("list", "--ended", "--json"))}
    assert (told[first]["state"], told[second]["state"]) == ("retired", "counting")
    assert (told[first]["version"], told[second]["version"]) == (1, 2)
    assert [one["id"] for one in json.loads(prompt.said("list", "--json"))] == [second]


def test_a_retired_rule_gives_its_lines_back(prompt: Prompt) -> None:
    rule_id = prompt.said("propose", "--operator", "hoan-kiem", *SAYS)
    prompt.approve(rule_id)
    prompt.hand_in(POWER)
    prompt.said("retire", rule_id)
    with prompt.office.town.house.databases.read() as tx:
        assert tx.scalars(select(OtherLine)).all() == []
    assert prompt.said("list") == ""
    assert "  retired  " in prompt.said("list", "--ended", "--operator", "hoan-kiem")
    assert prompt.said("list", "--ended", "--operator", "thang-long") == ""


def test_a_tolerance_is_proposed_for_one_account(prompt: Prompt) -> None:
    rule_id = prompt.said("tolerance", "--account", "hk-vietqr", "--amount", "5")
    assert f"{rule_id}  waiting  hk-vietqr  settlement  ±5  command" in prompt.said("show", rule_id)
    assert "1 to 1000" in prompt.refusal("tolerance", "--account", "hk-vietqr", "--amount", "0")


def test_a_window_is_proposed_for_one_account_or_all(prompt: Prompt) -> None:
    for place in (("--account", "hk-vietqr"), ("--operator", "hoan-kiem")):
        rule_id = prompt.said("window", *place, "--days", "7")
        assert f"{rule_id}  waiting  {place[1]}  7 d  command" in prompt.said("show", rule_id)
    assert "0 to 31" in prompt.refusal("window", "--account", "hk-vietqr", "--days", "32")
    assert "either --operator or --account" in prompt.refusal("window", "--days", "3")


def test_nonsense_is_named(prompt: Prompt) -> None:
    both = ("--operator", "hoan-kiem", "--account", "hk-vietqr")
    assert "either --operator or --account" in prompt.refusal("propose", *both, *SAYS)
    assert "either --operator or --account" in prompt.refusal("propose", *SAYS)
    assert "no operator nobody" in prompt.refusal("propose", "--operator", "nobody", *SAYS)
    short = ("propose", "--operator", "hoan-kiem", *SAYS, "--words", "x")
    assert "says too little" in prompt.refusal(*short)
    unknown = "0197b0c0-0000-7000-8000-000000000000"
    for words in (("show", unknown), ("retire", unknown),
                  ("propose", "--operator", "hoan-kiem", *SAYS, "--follows", unknown)):  # fmt: skip
        assert "There is no such rule" in prompt.refusal(*words)
