"""Merchant accounts on the administrator's pages: what goes in, and what never comes out."""

from __future__ import annotations

import re

import pytest
from sqlalchemy import select

from payments.models import AuditDetail, MerchantAccount
from tests.web.kit import Browser, add_lots

NEW = "/admin/accounts/new?provider=sandbox"
SECRET = "a-secret-that-nobody-may-see"
GIVEN = {
    "provider": "sandbox",
    "operator": "song-hong",
    "slug": "sh-one",
    "setting-base_url": "http://127.0.0.1:9",
    "setting-merchant": "sh",
    "secret-secret": SECRET,
    "least": "5.000",
}


@pytest.fixture
def admin(browser: Browser) -> Browser:
    """An administrator's browser in a city with two lots."""
    add_lots(browser.house)
    browser.become("admin")
    return browser


def add(admin: Browser, **more: str) -> int:
    return admin.post("/admin/accounts/new", page=NEW, **(GIVEN | more)).status_code


def stored(admin: Browser, slug: str = "sh-one") -> MerchantAccount:
    with admin.house.databases.read() as tx:
        return tx.scalars(select(MerchantAccount).where(MerchantAccount.slug == slug)).one()


def opened(admin: Browser, account: MerchantAccount) -> list[dict[str, str]]:
    return [admin.house.gateways.vault.open_parts(sealed) for sealed in account.secrets]


def test_an_added_account_shows_its_notify_address_and_no_secret(admin: Browser) -> None:
    assert "Chưa có tài khoản nhận tiền" in admin.get("/admin/accounts").get_data(as_text=True)
    assert add(admin) == 303
    account = stored(admin)
    assert (account.mode, account.least) == ("test", 5_000)
    assert opened(admin, account) == [{"secret": SECRET}]
    page = admin.get("/admin/accounts/sh-one").get_data(as_text=True)
    assert f"{admin.base}/payments/sh-one/notify" in page
    assert SECRET not in page
    assert "sh-one" in admin.get("/admin/accounts").get_data(as_text=True)


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"slug": "SH"}, "không thể là tên tài khoản"),
        ({"operator": "nobody"}, "Không có đơn vị quản lý nobody"),
        ({"least": "many"}, "many không phải là số tiền"),
        ({"opens": "6"}, "6 không phải là giờ"),
        ({"setting-merchant": ""}, "cần thiết lập merchant"),
        ({"secret-secret": ""}, "Khóa bí mật của sandbox gồm: secret"),
    ],
)
def test_a_refused_account_keeps_what_was_typed_but_the_secret(
    admin: Browser, more: dict[str, str], said: str
) -> None:
    answer = admin.post("/admin/accounts/new", page=NEW, **(GIVEN | more))
    text = answer.get_data(as_text=True)
    assert answer.status_code in (400, 404)
    assert said in text
    assert 'value="http://127.0.0.1:9"' in text
    assert SECRET not in text
    assert "Chưa có tài khoản nhận tiền" in admin.get("/admin/accounts").get_data(as_text=True)


def test_a_provider_is_chosen_before_its_settings_are_asked_for(admin: Browser) -> None:
    choice = admin.get("/admin/accounts/new").get_data(as_text=True)
    assert '<option value="sandbox">' in choice
    assert 'name="secret-' not in choice
    assert admin.get("/admin/accounts/new?provider=nobody").status_code == 404


VIETQR = {
    "provider": "vietqr",
    "operator": "song-hong",
    "slug": "sh-bank",
    "setting-bank": "970436",
    "setting-account": "0011009999999",
    "setting-holder": "BAI XE",
    "setting-feeds": "sepay",
    "secret-sepay_secret": SECRET,
    "secret-sepay_token": "a-token",
}


def test_only_the_secrets_of_the_bank_feeds_in_use_are_asked_for(admin: Browser) -> None:
    page = "/admin/accounts/new?provider=vietqr"
    form = _page(admin, page)
    assert re.search(r'name="setting-feeds"[^>]* required', form)
    assert 'name="secret-casso_key"' in form
    assert not re.search(r'name="secret-[^>]* required', form)
    lacking = admin.post("/admin/accounts/new", page=page, **(VIETQR | {"secret-sepay_token": ""}))
    assert "gồm: sepay_secret, sepay_token" in lacking.get_data(as_text=True)
    assert admin.post("/admin/accounts/new", page=page, **VIETQR).status_code == 303
    given = {"sepay_secret": SECRET, "sepay_token": "a-token"}
    assert opened(admin, stored(admin, "sh-bank")) == [given]
    rotation = _page(admin, "/admin/accounts/sh-bank")
    assert re.findall(r'name="secret-(\w+)"', rotation) == ["sepay_secret", "sepay_token"]


@pytest.mark.parametrize(
    ("more", "said"),
    [
        ({"setting-feeds": "paypal"}, "Thiết lập feeds đang là paypal"),
        ({"setting-bank": "VCB"}, "Thiết lập bank của tài khoản sh-bank không tạo được mã VietQR"),
    ],
)
def test_a_bank_account_no_code_can_be_made_of_is_refused(
    admin: Browser, more: dict[str, str], said: str
) -> None:
    page = "/admin/accounts/new?provider=vietqr"
    answer = admin.post("/admin/accounts/new", page=page, **(VIETQR | more))
    assert (answer.status_code, said in answer.get_data(as_text=True)) == (400, True)


def test_a_secret_is_rotated_and_the_older_one_forgotten(admin: Browser) -> None:
    add(admin)
    page = "/admin/accounts/sh-one"
    fresh = {"secret-secret": f"{SECRET}-2"}
    assert admin.post(f"{page}/rotate", page=page, **fresh).status_code == 303
    text = admin.get(page).get_data(as_text=True)
    assert "Đang đổi khóa" in text
    assert 'name="secret-secret"' not in text
    assert admin.post(f"{page}/rotate", page=page, **fresh).status_code == 409
    assert admin.post(f"{page}/finish", page=page).status_code == 303
    assert opened(admin, stored(admin)) == [{"secret": f"{SECRET}-2"}]
    with admin.house.databases.read() as tx:
        assert SECRET not in str(tx.scalars(select(AuditDetail.detail)).all())


def test_bounds_are_changed_and_wrong_ones_are_kept_in_the_form(admin: Browser) -> None:
    add(admin)
    page = "/admin/accounts/sh-one"
    good = {"least": "10.000", "most": "2000000", "opens": "22:00", "closes": "06:00"}
    assert admin.post(f"{page}/bounds", page=page, **good).status_code == 303
    shown = " ".join(admin.get("/admin/accounts").get_data(as_text=True).split())
    assert "≥ 10.000 ₫ ≤ 2.000.000 ₫ 22:00–06:00" in shown
    answer = admin.post(f"{page}/bounds", page=page, **good | {"closes": "25:00"})
    assert answer.status_code == 400
    assert 'value="25:00"' in answer.get_data(as_text=True)
    assert stored(admin).closes == "06:00"


def test_a_retired_account_takes_no_more_changes(admin: Browser) -> None:
    add(admin)
    page = "/admin/accounts/sh-one"
    assert admin.post(f"{page}/retire", page=page).status_code == 303
    text = admin.get(page).get_data(as_text=True)
    assert "Đã thu hồi" in text
    assert "<button" not in text.split("<main")[1]
    assert admin.post(f"{page}/retire", page="/admin/accounts/new").status_code == 404
    assert admin.post("/admin/accounts/nobody/retire", page=NEW).status_code == 404


def test_a_lot_offers_accounts_in_the_order_that_was_numbered(admin: Browser) -> None:
    lot = "/admin/lots/A1"
    assert "Đơn vị này chưa có tài khoản nhận tiền" in admin.get(lot).get_data(as_text=True)
    add(admin)
    add(admin, slug="sh-two")
    numbers = {"place-sh-two": "1", "place-sh-one": "2"}
    assert admin.post(f"{lot}/accounts", page=lot, **numbers).status_code == 303
    shown = re.findall(r'name="place-([\w-]+)"[^>]*value="(\d*)"', _page(admin, lot))
    assert shown == [("sh-two", "1"), ("sh-one", "2")]
    assert admin.post(f"{lot}/accounts", page=lot, **{"place-sh-one": "x"}).status_code == 400
    assert admin.post(f"{lot}/accounts", page=lot, **{"place-sh-one": "1"}).status_code == 303
    shown = re.findall(r'name="place-([\w-]+)"[^>]*value="(\d*)"', _page(admin, lot))
    assert shown == [("sh-one", "1"), ("sh-two", "")]


def test_a_lot_refuses_another_operators_account(admin: Browser) -> None:
    add(admin, operator="ho-guom", slug="hg-one")
    add(admin)
    answer = admin.post("/admin/lots/A1/accounts", page="/admin/lots/A1", **{"place-hg-one": "1"})
    assert answer.status_code == 409
    assert "không thuộc đơn vị quản lý bãi A1" in answer.get_data(as_text=True)


def _page(admin: Browser, path: str) -> str:
    return admin.get(path).get_data(as_text=True)
