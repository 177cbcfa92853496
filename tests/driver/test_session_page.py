"""The page of a parking session: price, state, code."""

from __future__ import annotations

from io import BytesIO

import zxingcpp
from PIL import Image

from parking.sessions.exits import Leaving, record_exit
from tests.driver.kit import amount_of, plain, session_path, state_of
from tests.kit import Town
from tests.web.kit import Browser


def test_the_page_explains_the_price_so_far(town: Town, driver: Browser) -> None:
    session = town.arrive()
    town.clock.forward(minutes=130)
    answer = driver.get(session_path(town, session))
    text = plain(answer)
    assert state_of(answer) == "unpaid"
    assert amount_of(answer) == "85000"
    for said in (
        "Chưa trả",
        "85.000 ₫",
        "Giờ 1–2: 2 × 25.000 ₫ 50.000 ₫",
        "Giờ 3: 1 × 35.000 ₫ 35.000 ₫",
        "08:00 20/11/2026",
        "2 giờ 10 phút",
        "giá này được giữ 10 phút",
    ):
        assert said in text


def test_the_code_of_a_session_leads_back_to_it(town: Town, driver: Browser) -> None:
    path = session_path(town, town.arrive())
    assert f"{path}/qr.svg" in driver.get(path).get_data(as_text=True)
    drawn = driver.get(f"{path}/qr.svg")
    assert drawn.mimetype == "image/svg+xml"
    assert "30A-123.45" in drawn.get_data(as_text=True)
    png = driver.get(f"{path}/qr.png")
    (code,) = zxingcpp.read_barcodes(Image.open(BytesIO(png.data)).convert("L"))
    assert code.text == town.house.config.public_url + path


def test_every_changed_byte_of_a_session_link_is_refused(town: Town, driver: Browser) -> None:
    path = session_path(town, town.arrive())
    for place in range(len("/s/"), len(path)):
        changed = path[:place] + ("A" if path[place] != "A" else "B") + path[place + 1 :]
        assert driver.get(changed).status_code == 404, changed
    answer = driver.get(path[:-1])
    assert "Đường dẫn này không đầy đủ hoặc đã bị sửa" in plain(answer)
    assert "quét lại mã" in plain(answer)
    assert "thay biển" not in plain(answer)
    for rest in ("/qr.svg", "/qr.png", "/state"):
        assert driver.get(path[:-1] + rest).status_code == 404


def test_a_session_link_says_nothing_to_search_engines_and_caches(
    town: Town, driver: Browser
) -> None:
    headers = driver.get(session_path(town, town.arrive())).headers
    assert headers["Cache-Control"] == "no-store"
    assert headers["Referrer-Policy"] == "same-origin"


def test_after_leaving_the_price_stands_still(town: Town, driver: Browser) -> None:
    session = town.arrive()
    town.clock.forward(minutes=50)
    with town.house.databases.write.begin() as tx:
        record_exit(tx, session.id, Leaving("person:hoa", town.now), town.now)
    town.clock.forward(hours=9)
    answer = driver.get(session_path(town, session))
    assert "Đã ra, chưa trả" in plain(answer)
    assert amount_of(answer) == "25000"
    assert "Mã của bạn" not in plain(answer)


def test_at_the_moment_of_entry_nothing_is_due_by_the_hour(town: Town, driver: Browser) -> None:
    answer = driver.get(session_path(town, town.arrive()))
    assert state_of(answer) == "free"
    assert "Miễn phí" in plain(answer)


def test_a_page_that_waits_for_nothing_polls_nothing(town: Town, driver: Browser) -> None:
    session = town.arrive()
    town.clock.forward(minutes=50)
    markup = driver.get(session_path(town, session)).get_data(as_text=True)
    assert "driver.js" not in markup
    assert "http-equiv" not in markup
