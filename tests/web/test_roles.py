"""Every role at every route: the matrix is the truth, and nothing is open by accident."""

from __future__ import annotations

import pytest

from parking.people.roles import EVERYBODY, MATRIX, ROLES, check_matrix, roles_for
from payments.errors import WrongUsage
from tests.web.kit import Browser, add_lots
from tests.web.routes import routes

LOTS = {"attendant": ("A1",)}


@pytest.mark.parametrize("role", ["", *ROLES])
def test_a_role_opens_what_the_matrix_says_and_nothing_else(browser: Browser, role: str) -> None:
    if role:
        add_lots(browser.house)
        browser.become(role, *LOTS.get(role, ()))
    for route in routes(browser.app):
        answer = browser.client.open(route.path, method=route.method)
        text = answer.get_data(as_text=True)
        sent_away = answer.status_code == 303 and "/sign-in" in answer.headers["Location"]
        turned_away = answer.status_code == 403 and "Vai trò của bạn" in text
        admitted = not sent_away and not turned_away
        assert admitted == (role in roles_for(route.endpoint)), (role, route, answer.status_code)
        assert sent_away <= (role == ""), route


def test_the_longest_row_decides() -> None:
    assert roles_for("people.sign_in") == EVERYBODY
    assert "" not in roles_for("people.sign_out")
    assert roles_for("people.sign_in_as_somebody_else") == MATRIX["people"]
    assert roles_for("administration.page") == frozenset()


def test_a_route_nobody_decided_about_stops_the_start() -> None:
    with pytest.raises(WrongUsage, match=r"reports\.secret"):
        check_matrix(["admin.people", "reports.secret"])
