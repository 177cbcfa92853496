"""A page on which a person plays the payer's bank app: any amount, any words, any damage."""

from __future__ import annotations

from collections.abc import Callable

from jinja2 import Environment
from werkzeug.exceptions import BadRequest
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from tests.doubles.bank import Bank
from tests.doubles.base import Answer, Handler
from tests.doubles.narratives import DAMAGES
from tests.doubles.page import STYLE

FIELDS = """
label{display:block;margin:.75rem 0 0}
input,select{box-sizing:border-box;width:100%;font:inherit;padding:.6rem;background:#fff;
border:1px solid #8792a0;border-radius:8px}
dl{margin-top:1.25rem}dt{min-width:0;overflow-wrap:anywhere}dd{flex:none}
"""

TEMPLATE = Environment(autoescape=True).from_string(
    """<!doctype html>
<html lang="vi"><head><meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Ngân hàng – MÔ PHỎNG</title><style>{{ style }}</style></head><body>
<p class="test" role="note"><strong>MÔ PHỎNG</strong>, không dùng tiền thật
<span lang="en">test double, no real money</span></p>
<main><h1>Chuyển khoản <span lang="en">Transfer</span></h1>
<p>{{ owner.bank }} {{ owner.account }} · {{ owner.name }}</p>
<form method="post">
<label>Số tiền (đồng) <span lang="en">Amount</span>
<input name="amount" inputmode="numeric" required></label>
<label>Nội dung <span lang="en">Message</span><input name="text" required></label>
<label>Ngân hàng ghi lại nội dung <span lang="en">What the bank makes of it</span>
<select name="damage">{% for name in damages %}<option>{{ name }}</option>{% endfor %}</select>
</label>
<button class="main">Chuyển tiền <span lang="en">Send</span></button></form>
<dl>{% for entry in entries %}<div><dt>{{ entry.reference }}<br>{{ entry.narrative }}</dt>
<dd>{{ "{:,}".format(entry.signed).replace(",", ".") }}&nbsp;₫</dd></div>{% endfor %}</dl>
</main></body></html>
"""
)


class BankPage:
    """GET and POST of ``/bank``; `bank` is asked at each request."""

    def __init__(self, bank: Callable[[], Bank]) -> None:
        self._bank = bank

    def routes(self) -> dict[str, Handler]:
        return {"GET /bank": self.show, "POST /bank": self.transfer}

    def show(self, _request: Request) -> Answer:
        bank = self._bank()
        shown = TEMPLATE.render(
            style=STYLE + FIELDS,
            owner=bank.owner,
            damages=["clean", *sorted(DAMAGES.keys() - {"clean"})],
            entries=bank.entries[:-6:-1],
        )
        return Response(shown, mimetype="text/html")

    def transfer(self, request: Request) -> Answer:
        digits = request.form.get("amount", "").replace(".", "")
        damage = request.form.get("damage", "clean")
        if not digits.isdecimal() or int(digits) == 0 or damage not in DAMAGES:
            raise BadRequest(f"A whole number of đồng above 0 is needed, not {digits!r}")
        self._bank().receive(int(digits), request.form.get("text", ""), damage=damage)
        return redirect("/bank", 303)
