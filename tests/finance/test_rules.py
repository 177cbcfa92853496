"""Finance names lines that are not parking: proposes a rule, looks, and somebody else approves."""

from __future__ import annotations

import itertools
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select

from parking.people.service import NewPerson, add_person
from payments.accounts import account_by_slug
from payments.setting_aside import SetAside
from reconciliation.closing.certificates import Certified, decode, write
from reconciliation.closing.models import Closing
from reconciliation.invariants import check
from reconciliation.rules.models import LineRule, OtherLine
from tests.finance.conftest import Desk
from tests.statements.desk import NOW, UploadDesk
from tests.statements.kit import DAY, Line, Paper, csv_of
from tests.web.kit import Browser

RULES = "/finance/rules?lang=en"
FORM: dict[str, Any] = {
    "label": "Tiền điện", "words": "tiền điện", "sign": "out", "least": "", "most": "",
    "place": "all:hoan-kiem", "leg": "settlement", "series": "",
}  # fmt: skip


FIRST = (
    Line(-900_000, "FT1", "EVN HN thu TIEN DIEN T11"),
    Line(4_000_000, "FT2", "CTY ABC tien thue ki ot"),
)


def hand_in(office: Desk, later: int, *lines: Line, opening: int = 1_000_000) -> int:
    """The bank's statement of `later` days after the first, read and compared; its closing balance."""
    house, after = office.town.house, timedelta(days=later)
    with house.databases.read() as tx:
        account = account_by_slug(tx, "hk-vietqr")
    paper = Paper(tuple(replace(line, day=DAY + after) for line in lines), opening=opening)
    UploadDesk(house.databases, house.gateways, account).hand_in(csv_of(paper), now=NOW + after)
    return paper.closing


def send(office: Desk, status: int = 303, path: str = "/finance/rules", **form: Any) -> str:
    answer = office.browser.post(f"{path}?lang=en", page=RULES, **form)
    text = answer.get_data(as_text=True)
    assert answer.status_code == status, text
    return text


def the_rule(office: Desk) -> LineRule:
    with office.town.house.databases.read() as tx:
        return tx.scalars(select(LineRule).order_by(LineRule.id.desc())).all()[0]


_names = itertools.count(1)


def another(office: Desk, operator: str | None = "hoan-kiem") -> None:
    """Somebody new of finance sits down."""
    name = f"clerk{next(_names)}"
    with office.town.house.databases.write.begin() as tx:
        password = add_person(tx, NewPerson(name, "finance", operator=operator), office.town.now)
    office.browser = Browser(office.town.house)
    assert office.browser.sign_in(name, password).status_code == 303


def decide(office: Desk, act: str, status: int = 303) -> str:
    return send(office, status, f"/finance/rules/{the_rule(office).id}", act=act)


def count(office: Desk, table: type[Any]) -> int:
    with office.town.house.databases.read() as tx:
        return len(tx.scalars(select(table)).all())


def in_force(office: Desk, **changes: str) -> None:
    """A rule that two people agreed on."""
    another(office)
    send(office, act="propose", **FORM | changes)
    another(office)
    decide(office, "approve")


def test_finance_looks_before_it_proposes(office: Desk) -> None:
    hand_in(office, 0, *FIRST)
    office.sit("hoan-kiem")
    look = send(office, 200, act="preview", **FORM)
    assert "TIEN DIEN T11" in look
    assert re.search(r"it would name: 1 lines, \D*900[.,]000", look)
    assert "ki ot" not in look
    assert count(office, LineRule) == 0


def test_somebody_else_approves_what_they_have_seen(office: Desk) -> None:
    hand_in(office, 0, *FIRST)
    another(office)
    send(office, act="propose", **FORM)
    assert "somebody else has to approve it" in decide(office, "approve", 409)
    another(office)
    assert "TIEN DIEN T11" in office.browser.get(RULES).get_data(as_text=True)
    decide(office, "approve")
    assert "Names 1 lines" not in office.browser.get(RULES).get_data(as_text=True)


def test_what_is_not_parking_leaves_the_differences_and_the_queue(office: Desk) -> None:
    closing = hand_in(office, 0, *FIRST)
    in_force(office)
    assert "FT2" in office.browser.get("/finance/unmatched").get_data(as_text=True)
    in_force(office, label="Tiền thuê", words="tien thue", sign="in")
    hand_in(office, 1, Line(7, "FT3", "x"), opening=closing)
    day = office.browser.get(f"/finance/day/{DAY}?lang=en").get_data(as_text=True)
    assert (count(office, OtherLine), count(office, SetAside)) == (1, 1)
    assert re.search(r"Not parking</a></span><strong>\+\D*3[.,]100[.,]000", day)
    assert "FT2" not in office.browser.get("/finance/unmatched").get_data(as_text=True)
    with office.town.house.databases.read() as tx:
        assert list(check(tx)) == []


def test_a_day_is_closed_with_the_sum_of_what_is_not_parking(office: Desk) -> None:
    closing = hand_in(office, 0, *FIRST)
    in_force(office)
    in_force(office, label="Tiền thuê", words="tien thue", sign="in")
    hand_in(office, 1, Line(7, "FT3", "x"), opening=closing)
    page = office.browser.get(f"/finance/close/hoan-kiem/{DAY}?lang=en").get_data(as_text=True)
    told = page[page.index("Not parking, by an approved rule") :]
    assert re.search(r'"Now">VND\D*3,100,000<br><small>2 lines', told)
    begun = Closing(
        operator="hoan-kiem", day=DAY, state="closing", begun_by="clerk", begun_at=NOW,
        stopped_at=NOW,
    )  # fmt: skip
    with office.town.house.databases.write.begin() as tx:
        certificate = write(tx, Certified(begun, (), {}, NOW))
    sums = [{"count": 2, "total": 3_100_000, "currency": "VND"}]
    assert decode(certificate)["not_parking"] == sums


def test_money_set_aside_is_not_attached_to_a_payment(office: Desk) -> None:
    in_force(office, words="tien thue", sign="in")
    hand_in(office, 0, *FIRST)
    with office.town.house.databases.read() as tx:
        (movement_id,) = tx.scalars(select(SetAside.movement_id)).all()
    answer = office.browser.post(
        f"/finance/unmatched/{movement_id}?lang=en", page=RULES,
        code=office.payment.code, reason="mistaken for rent",
    )  # fmt: skip
    assert answer.status_code == 409
    assert "set aside by a rule" in answer.get_data(as_text=True)


def test_retiring_gives_the_lines_back(office: Desk) -> None:
    in_force(office)
    hand_in(office, 0, *FIRST)
    assert "Names 1 lines" in office.browser.get(RULES).get_data(as_text=True)
    decide(office, "retire")
    assert count(office, OtherLine) == 0
    assert "No longer in force" in office.browser.get(RULES).get_data(as_text=True)


@pytest.mark.parametrize(
    ("wrong", "status"),
    [({"words": "?"}, 400), ({"least": "x"}, 400), ({"place": "all:thang-long"}, 404)],
)
def test_a_form_that_says_nothing_is_explained(
    office: Desk, wrong: dict[str, str], status: int
) -> None:
    office.sit("hoan-kiem")
    assert 'class="notice bad"' in send(office, status, act="preview", **(FORM | wrong))
    assert count(office, LineRule) == 0


def test_rules_of_another_operator_are_not_there(office: Desk) -> None:
    office.sit("hoan-kiem")
    send(office, act="propose", **FORM)
    another(office, operator="thang-long")
    assert "tiền điện" not in office.browser.get(RULES).get_data(as_text=True)
    decide(office, "approve", 404)


def test_two_people_agree_on_a_tolerance(office: Desk) -> None:
    another(office)
    send(office, 400, act="tolerance", place="hk-vietqr", tolerance="5.000.000")
    send(office, 400, act="tolerance", place="all:hoan-kiem", tolerance="5")
    send(office, act="tolerance", place="hk-vietqr", tolerance="5")
    decide(office, "approve", 409)
    another(office)
    decide(office, "approve")
    rule = the_rule(office)
    assert (rule.kind, rule.tolerance, rule.retired_at) == ("tolerance", 5, None)
    assert "Tolerance up to" in office.browser.get(RULES).get_data(as_text=True)


@pytest.mark.parametrize(
    ("form", "said"),
    [
        ({"act": "window", "place": "hk-vietqr", "days": "5"}, "“Quá 5 ngày thì coi là thiếu”"),
        ({"act": "tolerance", "place": "hk-vietqr", "tolerance": "5"}, "“Mức lệch cho phép”"),
    ],
)
def test_a_rule_without_words_is_called_in_the_reader_s_language(
    office: Desk, form: dict[str, str], said: str
) -> None:
    another(office)
    send(office, 303, RULES.partition("?")[0], **form)
    own = office.browser.post(path_of(office), page=RULES, act="approve").get_data(as_text=True)
    assert "không thể duyệt: cần một người khác" in own
    another(office)
    decide(office, "retire")
    answer = office.browser.post(path_of(office), page=RULES, act="approve")
    assert said in answer.get_data(as_text=True)


def path_of(office: Desk) -> str:
    return f"/finance/rules/{the_rule(office).id}?lang=vi"


def test_two_people_agree_on_how_long_to_wait(office: Desk) -> None:
    another(office)
    for wrong, complaint in (("32", "0 to 31 days, not 32"), ("-1", "“-1” is no number of days.")):
        assert complaint in send(office, 400, act="window", place="hk-vietqr", days=wrong)
    for place, days in (("hk-vietqr", "0"), ("all:hoan-kiem", "7")):
        send(office, act="window", place=place, days=days)
        decide(office, "approve", 409)
        another(office)
        decide(office, "approve")
        rule = the_rule(office)
        said = (rule.kind, rule.days, rule.account_id is None, rule.state)
        assert said == ("window", int(days), place != "hk-vietqr", "counting")
    page = office.browser.get(RULES).get_data(as_text=True)
    assert "Missing after 0 days" in page
    assert "Missing after 7 days" in page
