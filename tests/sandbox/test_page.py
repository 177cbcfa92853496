"""The hosted payment page as a driver's browser meets it, without JavaScript."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from payments.provider import Order, Status
from tests.sandbox.conftest import BASE, Clock, MakeWorld, World, merchants


def visit(world: World, order: Order) -> tuple[FlaskClient, str]:
    return world.app.test_client(), str(world.an.start(order).url).removeprefix(BASE)


def press(world: World, order: Order, button: str) -> TestResponse:
    browser, path = visit(world, order)
    return browser.post(path, data={"act": button})


def buttons(world: World, order: Order) -> set[str]:
    browser, path = visit(world, order)
    return set(re.findall(r'name="act" value="(\w+)"', browser.get(path).text))


def test_the_page_says_who_is_paid_how_much_and_for_what(world: World) -> None:
    browser, path = visit(world, world.order())
    page = browser.get(path).text
    for part in ("Công ty An", "20.000\u00a0₫", "Gửi xe Phố Hàng Trống", "PK0000001", "08:15"):
        assert part in page
    assert "không dùng tiền thật" in page
    assert "no real money" in page


def test_what_a_merchant_writes_is_text_never_markup(world: World) -> None:
    order = world.order(description='<script>alert("1")</script>')
    browser, path = visit(world, order)
    assert "<script" not in browser.get(path).text


def test_every_button_is_there_while_the_order_is_open(world: World) -> None:
    order = world.order()
    assert buttons(world, order) == {
        "pay", "decline", "pay_less", "pay_more", "pay_twice", "pay_late",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("button", "status", "amounts"),
    [
        ("pay", Status.PAID, [20_000]),
        ("pay_less", Status.PAID, [18_000]),
        ("pay_more", Status.PAID, [22_000]),
        ("pay_twice", Status.PAID, [20_000, 20_000]),
        ("decline", Status.CANCELLED, []),
        ("pay_late", Status.PENDING, []),
    ],
)
def test_a_button_does_what_it_says_and_leads_back(
    world: World, button: str, status: Status, amounts: list[int]
) -> None:
    order = world.order()
    answer = press(world, order, button)
    assert (answer.status_code, answer.location) == (303, order.return_url)
    notice = world.an.fetch(order)
    assert notice.status is status
    assert [movement.amount for movement in notice.movements] == amounts


def test_a_second_press_pays_nothing_more(world: World) -> None:
    order = world.order()
    assert press(world, order, "pay").status_code == press(world, order, "pay").status_code == 303
    assert len(world.an.fetch(order).movements) == 1


def test_a_paid_order_offers_the_way_back_and_nothing_else(world: World) -> None:
    order = world.paid()
    browser, path = visit(world, order)
    page = browser.get(path).text
    assert "Đã thanh toán." in page
    assert f'href="{order.return_url}"' in page
    assert buttons(world, order) == set()


def test_money_on_its_way_is_not_asked_for_again(world: World) -> None:
    order = world.order()
    press(world, order, "pay_late")
    browser, path = visit(world, order)
    assert "Tiền sẽ đến lúc 08:17." in browser.get(path).text
    assert buttons(world, order) == set()


def test_after_its_end_an_order_can_only_be_paid_late(world: World, clock: Clock) -> None:
    order = world.order()
    clock.forward(minutes=15)
    assert buttons(world, order) == {"pay_late"}
    refused = press(world, order, "pay")
    assert refused.status_code == 409
    assert "Đã hết hạn thanh toán lúc 08:15." in refused.text
    assert press(world, order, "pay_late").status_code == 303


def test_a_declined_order_can_only_be_paid_late(world: World) -> None:
    order = world.order()
    press(world, order, "decline")
    browser, path = visit(world, order)
    assert "Bạn đã từ chối thanh toán." in browser.get(path).text
    assert buttons(world, order) == {"pay_late"}


@pytest.mark.parametrize("button", ["", "refund"])
def test_a_button_that_is_not_there_does_nothing(world: World, button: str) -> None:
    order = world.order()
    answer = press(world, order, button)
    assert answer.status_code == 400
    assert "Không thực hiện được" in answer.text
    assert world.an.fetch(order).status is Status.PENDING


def test_an_unknown_page_is_explained(world: World) -> None:
    answer = world.app.test_client().get("/pay/guessed")
    assert answer.status_code == 404
    assert "Không tìm thấy trang thanh toán" in answer.text


def test_a_database_that_is_away_is_explained_and_loses_nothing(world: World) -> None:
    order = world.order()
    browser, path = visit(world, order)
    with world.books.db.engine.connect() as connection:
        connection.exec_driver_sql("ALTER TABLE orders RENAME TO gone")
        connection.commit()
        answer = browser.get(path)
        connection.exec_driver_sql("ALTER TABLE gone RENAME TO orders")
        connection.commit()
    assert answer.status_code == 503
    assert "Hệ thống đang bận" in answer.text
    assert browser.get(path).status_code == 200


def test_no_page_runs_script_or_can_be_framed(world: World) -> None:
    browser, path = visit(world, world.order())
    for place in (path, "/healthz", "/pay/guessed", "/static/sandbox.css", "/nowhere"):
        with browser.get(place) as answer:
            headers = answer.headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "Set-Cookie" not in headers


def test_the_form_may_lead_back_to_the_merchant_and_nowhere_else(world: World) -> None:
    browser, path = visit(world, world.order())
    response = browser.get(path)
    policy = response.headers["Content-Security-Policy"]
    assert policy.endswith("form-action 'self' https://parking.test")
    assert response.headers["Cache-Control"] == "no-store"


def test_a_merchant_without_an_entry_is_called_by_id(make_world: MakeWorld) -> None:
    first = make_world()
    order = first.order()
    _, path = visit(first, order)
    later = make_world(merchants={"binh": merchants()["binh"]})
    assert ">an<" in later.app.test_client().get(path).text
