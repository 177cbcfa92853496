"""The small page a payment company shows a payer: what is owed to whom, and what can happen.

Vietnamese first. Every page says that no real money moves. Without script; each button posts `act`.
"""

from __future__ import annotations

from collections.abc import Mapping
from html import escape

from werkzeug.wrappers import Response

STYLE = (
    "body{font:17px/1.5 system-ui,sans-serif;margin:0;background:#f4f5f7;color:#1d2733}"
    "main{max-width:26rem;margin:2rem auto;background:#fff;border-radius:12px;padding:1.5rem}"
    "h1{font-size:1.15rem;margin:0 0 .75rem}strong{font-size:1.7rem}dt{color:#5a6675}"
    "dd{margin:0 0 .6rem;overflow-wrap:anywhere}"
    "button{font:inherit;width:100%;padding:.8rem;margin-top:.6rem;border-radius:8px;"
    "border:1px solid #c3cad3;background:#fff}button:first-of-type{background:#1f5fbf;color:#fff}"
    "p.note{background:#fff4d6;border-radius:8px;padding:.5rem .75rem}"
)


def dong(amount: int) -> str:
    """`20.000 ₫`, with a space that does not break."""
    return f"{amount:,}".replace(",", ".") + "\N{NO-BREAK SPACE}₫"


def hosted_page(
    company: str, amount: str, facts: Mapping[str, str], buttons: Mapping[str, str]
) -> Response:
    """`facts` are label → text, `buttons` act → label; without buttons the page only informs."""
    shown = "".join(f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in facts.items())
    pressed = "".join(
        f'<button name="act" value="{escape(act)}">{escape(label)}</button>'
        for act, label in buttons.items()
    )
    form = f'<form method="post">{pressed}</form>' if buttons else ""
    return Response(
        '<!doctype html><html lang="vi"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
        f"<title>{escape(company)} – MÔ PHỎNG</title><style>{STYLE}</style><main>"
        '<p class="note">MÔ PHỎNG, không dùng tiền thật · test double, no real money</p>'
        f"<h1>{escape(company)}</h1><strong>{escape(amount)}</strong><dl>{shown}</dl>{form}</main>",
        mimetype="text/html",
    )


def to_merchant(url: str) -> Response:
    """Back to the merchant; what the browser says there is never proof of payment."""
    return Response(status=303, headers={"Location": url})
