"""Who may open what, as data: a test runs every role against every route.

The longest prefix of an endpoint's name decides. An endpoint without a row stops the start.
"""

from __future__ import annotations

from collections.abc import Iterable

from parking.languages import mark
from payments.errors import WrongUsage

#: What a role is called in front of people.
ROLES = {
    "attendant": mark("Attendant"),
    "finance": mark("Finance"),
    "admin": mark("Administrator"),
    "inspector": mark("Inspector"),
}
EVERYBODY = frozenset({*ROLES, ""})
SIGNED_IN = frozenset(ROLES)

#: Prefix of endpoint names → roles; "" is somebody who is not signed in.
MATRIX = {
    "static": EVERYBODY,
    "health": EVERYBODY,
    "payments": EVERYBODY,
    "driver": EVERYBODY,
    "people.sign_in": EVERYBODY,
    "people.enrol_phone": EVERYBODY,
    "people.pin": EVERYBODY,
    "people": SIGNED_IN,
    "people.choose_pin": frozenset({"attendant"}),
    "attendant": frozenset({"attendant"}),
    "finance": frozenset({"finance", "admin"}),
    "finance.refund": frozenset({"finance"}),
    "finance.decide_refund": frozenset({"finance"}),
    "finance.make_payout_list": frozenset({"finance"}),
    "finance.payout_file": frozenset({"finance"}),
    "finance.close_claim": frozenset({"finance"}),
    "finance.attach_money": frozenset({"finance"}),
    "finance.work_on_break": frozenset({"finance"}),
    "finance.work_on_breaks": frozenset({"finance"}),
    "finance.hand_in": frozenset({"finance"}),
    "finance.take_in": frozenset({"finance"}),
    "finance.closing_act": frozenset({"finance"}),
    "finance.hand_over_invoices": frozenset({"finance"}),
    "finance.invoice_list_file": frozenset({"finance"}),
    "finance.settle_invoice": frozenset({"finance"}),
    "finance.new_invoice": frozenset({"finance"}),
    "finance.ask_invoice_late": frozenset({"finance"}),
    "finance.file_tax_table": frozenset({"finance"}),
    "finance.sell_pass": frozenset({"admin"}),
    "finance.publish_figure": frozenset({"finance"}),
    "finance.pair_by_hand": frozenset({"finance"}),
    "finance.propose_rule": frozenset({"finance"}),
    "finance.decide_rule": frozenset({"finance"}),
    "admin": frozenset({"admin"}),
    "inspector": frozenset({"inspector"}),
}

#: Where each role starts its day.
HOME = {
    "attendant": "/attendant/",
    "finance": "/finance/",
    "admin": "/admin/",
    "inspector": "/inspector/",
}


def roles_for(endpoint: str) -> frozenset[str]:
    """Roles that may open `endpoint`; none for an endpoint nobody decided about."""
    parts = endpoint.split(".")
    for length in range(len(parts), 0, -1):
        if (roles := MATRIX.get(".".join(parts[:length]))) is not None:
            return roles
    return frozenset()


def check_matrix(endpoints: Iterable[str]) -> None:
    """Raises `WrongUsage` naming an endpoint that no row covers."""
    for endpoint in endpoints:
        if not roles_for(endpoint):
            raise WrongUsage(
                "Nobody decided who may open %(endpoint)s: add it to parking/people/roles.py.",
                endpoint=endpoint,
            )
