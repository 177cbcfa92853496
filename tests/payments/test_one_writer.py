"""A payment becomes paid in one place: nobody but `payments/service.py` writes its stored fold."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import inspect

from payments.models import Payment

ROOT = Path(__file__).parents[2]
WRITER = Path("payments/service.py")
PACKAGES = ("parking", "payments", "qr", "reconciliation")

FOLD = {"state", "flags", "received", "reversed", "refunded", "paid_at", "book_day"}
#: Names that other rows have as well: written by others only where a payment is in sight.
SHARED = {"state", "book_day"}


def modules() -> list[Path]:
    return sorted(
        path.relative_to(ROOT) for package in PACKAGES for path in (ROOT / package).rglob("*.py")
    )


def others() -> list[Path]:
    return [path for path in modules() if path != WRITER]


def writes(tree: ast.Module) -> list[str]:
    """Every place of a module that writes a payment's fold, as ``line: what``."""
    near = knows_payments(tree)
    return [f"{node.lineno}: {what}" for node, what in _found(tree) if near or what not in SHARED]


def knows_payments(tree: ast.Module) -> bool:
    """Whether the module imports `Payment`, or walks to one from another row."""
    imported = {
        alias.name
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    walked = any(isinstance(n, ast.Attribute) and n.attr == "payment" for n in ast.walk(tree))
    return "Payment" in imported or walked


def _found(tree: ast.Module) -> Iterator[tuple[ast.expr, str]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store | ast.Del):
            if node.attr in FOLD and not _of_other(node.value):
                yield node, node.attr
        elif isinstance(node, ast.Call):
            yield from ((node, name) for name in _named(node) if name in FOLD)
        elif isinstance(node, ast.Dict | ast.Subscript):
            yield from ((node, name) for name in _columns(node))


def _of_other(owner: ast.expr) -> bool:
    """`self.state` of a class of its own, or a row whose name says that it is no payment."""
    return isinstance(owner, ast.Name) and owner.id in ("self", "refund", "task")


def _columns(node: ast.Dict | ast.Subscript) -> set[str]:
    """Columns in what a statement is executed with: ``{"state": …, "received": …}``, of which one
    alone may mean anything, and ``written["book_day"] = …``."""
    keys = node.keys if isinstance(node, ast.Dict) else [node.slice]
    named = {str(key.value) for key in keys if isinstance(key, ast.Constant)} & FOLD
    if isinstance(node, ast.Subscript):
        return named if isinstance(node.ctx, ast.Store) else set()
    return named if len(named) > 1 else set()


def _named(call: ast.Call) -> list[str]:
    """Columns a call writes: ``Payment(state=…)``, ``update(Payment)….values(state=…)``, setattr."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name == "setattr" and len(call.args) > 1 and isinstance(call.args[1], ast.Constant):
        return [str(call.args[1].value)]
    if name in ("Payment", "values"):
        return [keyword.arg or "" for keyword in call.keywords]
    return []


@pytest.mark.parametrize("path", others(), ids=str)
def test_only_the_service_writes_what_a_payment_is(path: Path) -> None:
    found = writes(ast.parse((ROOT / path).read_text()))
    assert not found, f"{path} writes a payment's fold; tell the fact to payments.service.record"


def test_the_service_does_write_all_of_it() -> None:
    tree = ast.parse((ROOT / WRITER).read_text())
    assert {what for _, what in _found(tree)} == FOLD


def test_every_watched_name_is_a_column() -> None:
    assert {column.key for column in inspect(Payment).column_attrs} >= FOLD


@pytest.mark.parametrize(
    "line",
    [
        "payment.state = 'paid'",
        "payment.received += 5",
        "refund.payment.state = 'paid'",
        "payment.flags, payment.paid_at = '', None",
        "setattr(payment, 'refunded', 0)",
        "tx.execute(update(Payment).values(state='paid'))",
        "Payment(state='paid')",
        "del payment.book_day",
        "[x for payment.reversed in (1,)]",
        "tx.execute(update(Payment), {'state': 'paid', 'received': 5})",
        "written['book_day'] = today",
    ],
)
def test_the_watch_sees_every_way_of_writing(line: str) -> None:
    assert writes(ast.parse(f"from payments.models import Payment\n{line}"))


@pytest.mark.parametrize(
    "line", ["payment.next_poll_at = now", "print(payment.state)", "refund.state = 'done'"]
)
def test_the_watch_lets_other_things_pass(line: str) -> None:
    assert not writes(ast.parse(f"from payments.models import Payment\n{line}"))


def test_a_state_of_something_else_is_no_business_of_ours() -> None:
    assert not writes(ast.parse("from reconciliation.models import Close\nclose.state = 'sealed'"))
    assert writes(ast.parse("anything.received = 1"))
