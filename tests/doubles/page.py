"""The hosted page of a double: what a payer sees of an order, and buttons for every way it can end."""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

from jinja2 import Environment
from werkzeug.exceptions import BadRequest, NotFound
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from tests.doubles.base import HANOI, Answer, Double, Handler

#: How long after its last moment an order is paid by "pay late".
LATE = timedelta(minutes=1)

STYLE = """
body{margin:0;background:#f4f5f7;color:#1d2530;font:16px/1.5 system-ui,sans-serif}
.test{margin:0;padding:.6rem 1rem;background:#fff3c4;border-bottom:1px solid #e3c766;text-align:center}
main{margin:1.5rem max(1rem,calc(50% - 13rem));padding:1.25rem;background:#fff;border:1px solid #d9dde3;
border-radius:12px}
h1{margin:0;font-size:1.1rem}.amount{margin:.25rem 0 1rem;font-size:2rem;font-weight:600}
dl{margin:0 0 1rem}dl div{display:flex;justify-content:space-between;gap:1rem;padding:.4rem 0;
border-top:1px solid #eceff2}dt{color:#4c5866}dd{margin:0;text-align:right;overflow-wrap:anywhere}
button,.back{display:block;box-sizing:border-box;width:100%;margin:.6rem 0 0;padding:.7rem;
border:1px solid #8792a0;border-radius:8px;background:#fff;color:inherit;font:inherit;
text-align:center;text-decoration:none;cursor:pointer}
.main{background:#0b5cad;border-color:#0b5cad;color:#fff;font-weight:600}
button:focus-visible,.back:focus-visible{outline:3px solid #f2a900;outline-offset:2px}
[lang=en]{color:#4c5866;font-size:.86em}.main [lang=en]{color:#dbe9f7}.test [lang=en]{color:#5c4a00}
"""

TEMPLATE = Environment(autoescape=True).from_string(
    """<!doctype html>
<html lang="vi"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ brand }} – MÔ PHỎNG</title><style>{{ style }}</style></head><body>
{% macro both(vi, en) %}{{ vi }} <span lang="en">{{ en }}</span>{% endmacro %}
<p class="test" role="note"><strong>MÔ PHỎNG</strong>, không dùng tiền thật
<span lang="en">test double, no real money</span></p>
<main>
{% if refusal %}
<h1>{{ both("Không mở được đơn hàng", "This order was refused") }}</h1>
<p>{{ brand }}: <strong>{{ refusal }}</strong></p>
{% else %}
<h1>{{ brand }} · {{ order.payee }}</h1>
<p class="amount">{{ "{:,}".format(order.amount).replace(",", ".") }}&nbsp;₫</p>
<dl>
<div><dt>{{ both("Nội dung", "For") }}</dt><dd>{{ order.description }}</dd></div>
<div><dt>{{ both("Mã đơn hàng", "Order") }}</dt><dd>{{ order.reference }}</dd></div>
<div><dt>{{ both("Hạn thanh toán", "Pay by") }}</dt><dd>{{ until }}</dd></div>
</dl>
{% if order.open %}
{% if coming %}
<p role="status">{{ both("Tiền sẽ đến lúc " ~ coming ~ ".", "The money will come at " ~ coming ~ ".") }}</p>
{% else %}
<form method="post">
<button class="main" name="act" value="pay">{{ both("Thanh toán", "Pay") }}</button>
<button name="act" value="decline">{{ both("Ngân hàng từ chối", "Decline") }}</button>
<button name="act" value="cancel">{{ both("Hủy giao dịch", "Cancel") }}</button>
<button name="act" value="pay_late">{{ both("Thanh toán muộn", "Pay late") }}</button>
</form>
{% endif %}
{% else %}
<p role="status">{{ both("Đơn hàng này đã kết thúc.", "This order is over.") }}</p>
{% endif %}
{% if back %}<a class="back" href="{{ back }}">{{ both("Quay lại", "Back") }}</a>{% endif %}
{% endif %}
</main></body></html>
"""
)


@dataclass(frozen=True)
class Shown:
    """What the page says of an order; `amount` in đồng. Buttons stand while it is `open`."""

    payee: str
    amount: int
    description: str
    reference: str
    until: datetime
    open: bool


class HostedDouble(Double):
    """A double whose orders each have a page at ``/hosted/<reference>``."""

    brand = ""

    @abstractmethod
    def shown(self, reference: str) -> Shown:
        """The order as its page shows it; raises `KeyError` when there is none."""

    @abstractmethod
    def back(self, reference: str) -> str | None:
        """The merchant's address, with whatever the provider tells the browser there."""

    @abstractmethod
    def pay(self, reference: str, *, at: datetime | None = None) -> object:
        """The payer pays, at the provider's time `at` (else: now)."""

    @abstractmethod
    def decline(self, reference: str) -> object:
        """The payer's bank refuses."""

    @abstractmethod
    def cancel(self, reference: str) -> object:
        """The payer gives up."""

    def pay_late(self, reference: str) -> datetime:
        """The money comes `LATE` after the order's end (at once if that is past); says when."""
        moment = max(self.shown(reference).until + LATE, self.now)
        self.at(moment, lambda: self.pay(reference, at=moment))
        self.run_agenda()
        return moment

    def page_address(self, reference: str) -> str:
        return f"{self.base_url}/hosted/{quote(reference, safe='')}"

    def hosted_routes(self) -> dict[str, Handler]:
        return {
            "GET /hosted/<reference>": self._show,
            "POST /hosted/<reference>": self._act,
        }

    def refusal_page(self, reason: str) -> Response:
        """HTTP 400 and a page with the reason; how real ones word theirs is not published."""
        return _page(400, brand=self.brand, refusal=reason)

    def _show(self, _request: Request, reference: str, coming: datetime | None = None) -> Answer:
        try:
            order = self.shown(reference)
        except KeyError as error:
            raise NotFound(f"No order {reference!r}") from error
        return _page(
            200,
            brand=self.brand,
            order=order,
            until=_clock_time(order.until),
            coming=_clock_time(coming) if coming else "",
            back=None if order.open else self.back(reference),
        )

    def _act(self, request: Request, reference: str) -> Answer:
        acts: dict[str, Callable[[str], object]] = {
            "pay": self.pay,
            "decline": self.decline,
            "cancel": self.cancel,
        }
        name = request.form.get("act", "")
        try:
            open_still = self.shown(reference).open
        except KeyError as error:
            raise NotFound(f"No order {reference!r}") from error
        if name == "pay_late" and open_still:
            return self._show(request, reference, coming=self.pay_late(reference))
        if name not in acts or not open_still:
            raise BadRequest(f"An order that is over, or no such act: {name!r}")
        acts[name](reference)
        return redirect(self.back(reference) or self.page_address(reference), 303)


def _page(status: int, **values: object) -> Response:
    text = TEMPLATE.render(style=STYLE, **values)
    return Response(text, status, mimetype="text/html")


def with_query(address: str, query: str) -> str:
    """`address`, which may have a query of its own, with another one added."""
    return f"{address}{'&' if '?' in address else '?'}{query}"


def _clock_time(moment: datetime) -> str:
    return moment.astimezone(HANOI).strftime("%H:%M:%S %d/%m/%Y")


def number_for(text: str, digits: int) -> int:
    """A number of exactly so many digits that looks like chance and is always the same."""
    low = int("1" + "0" * (digits - 1))
    return low + int(hashlib.sha256(text.encode()).hexdigest(), 16) % (9 * low)
