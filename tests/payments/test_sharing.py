"""One payment for several references: each gets its share, and refunds touch only their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import permutations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select, update

from payments.checkout import intend, start
from payments.db import new_id
from payments.errors import Conflict, WrongUsage
from payments.models import Payment, Refund
from payments.provider import MovementKind, Status
from payments.provider import Notice as Told
from payments.refund_tasks import left_to_ask, propose
from payments.refunds import RefundRequest, ask
from payments.service import paid, paid_for
from payments.sharing import (
    Allocation,
    Part,
    paid_by_reference,
    parts_of,
    pays,
    references_of,
    starts,
)
from reconciliation.invariants import check
from tests.payments.kit import House, at_once, motion, paid_notice, receipt

BIKES = (Part("bike-1", 5_000), Part("bike-2", 3_000), Part("bike-3", 8_000))
WHOLE = 16_000


def begin(house: House, parts: tuple[Part, ...] = BIKES, amount: int = WHOLE) -> Payment:
    request = replace(house.request(amount=amount, reference="group:1"), parts=parts)
    return start(house.databases.write, house.gateways, request, house.now)


def shares(house: House) -> list[int]:
    with house.databases.read() as tx:
        one_by_one = [paid(tx, part.reference) for part in BIKES]
        together = paid_by_reference(tx, [part.reference for part in BIKES])
    assert one_by_one == [together[part.reference] for part in BIKES]
    return one_by_one


def give_back(house: House, payment: Payment, part: int, amount: int, key: str = "K") -> Refund:
    wish = RefundRequest(payment.id, amount, "charge", "left early", "lan", key, f"bike-{part}")
    with house.databases.write.begin() as tx:
        return ask(tx, wish, house.now)


def arrives(house: House, payment: Payment, amount: int, ref: str = "R1") -> None:
    house.tell(paid_notice(payment.code, house.now, ref, amount))


def violations(house: House) -> list[str]:
    with house.databases.read() as tx:
        return [violation.rule for violation in check(tx)]


def test_what_came_pays_the_parts_in_their_order(house: House) -> None:
    payment, seen = begin(house), []
    for n in range(4):
        seen.append(shares(house))
        arrives(house, payment, 6_000, f"R{n}")
    assert seen == [[0, 0, 0], [5_000, 1_000, 0], [5_000, 3_000, 4_000], [5_000, 3_000, 10_000]]
    assert violations(house) == []


def test_what_others_paid_for_a_part_is_added(house: House) -> None:
    arrives(house, begin(house), WHOLE)
    alone = house.start("alone", "bike-2")
    arrives(house, alone, 20_000, "R2")
    assert shares(house) == [5_000, 23_000, 8_000]
    with house.databases.read() as tx:
        query = select(Payment.code).where(pays(["bike-2"])).order_by(Payment.number)
        assert len(tx.scalars(query).all()) == 2
        payments = tx.scalars(select(Payment).order_by(Payment.number)).all()
        named = references_of(tx, payments)
    assert [named[payment.id] for payment in payments] == [
        ["bike-1", "bike-2", "bike-3"],
        ["bike-2"],
    ]


def test_a_list_of_references_asks_once(house: House) -> None:
    arrives(house, begin(house), WHOLE)
    with house.databases.read() as tx:
        query = select(Allocation.reference, paid_for(Allocation.reference))
        assert dict(tx.execute(query).all()) == {p.reference: p.amount for p in BIKES}


@pytest.mark.parametrize("part", [1, 2, 3])
def test_money_back_for_one_leaves_the_others_as_paid_as_they_were(house: House, part: int) -> None:
    payment = begin(house)
    arrives(house, payment, WHOLE)
    give_back(house, payment, part, 2_000)
    expected = [p.amount for p in BIKES]
    expected[part - 1] -= 2_000
    assert shares(house) == expected
    assert violations(house) == []


def test_money_back_for_all_of_them_ends_at_nothing(house: House) -> None:
    payment = begin(house)
    arrives(house, payment, WHOLE)
    for n, part in enumerate(BIKES, start=1):
        give_back(house, payment, n, part.amount, f"K{n}")
    assert shares(house) == [0, 0, 0]
    with house.databases.read() as tx:
        assert [row.returned for row in parts_of(tx, payment.id)] == [5_000, 3_000, 8_000]


def test_what_came_beyond_the_amount_goes_back_from_the_last_part(house: House) -> None:
    payment = begin(house)
    for n in (1, 2):
        arrives(house, payment, WHOLE, f"R{n}")
    assert shares(house) == [5_000, 3_000, 24_000]
    give_back(house, payment, 3, WHOLE)
    assert shares(house) == [5_000, 3_000, 8_000]
    assert violations(house) == []


def test_no_more_goes_back_than_the_part_holds(house: House) -> None:
    payment = begin(house)
    arrives(house, payment, 7_000)
    for part, amount in ((1, 5_001), (2, 2_001), (3, 1)):
        with pytest.raises(Conflict, match="cannot be refunded"):
            give_back(house, payment, part, amount)
    assert shares(house) == [5_000, 2_000, 0]


def test_money_back_must_say_for_what(house: House) -> None:
    payment = begin(house)
    arrives(house, payment, WHOLE)
    for reference in (None, "bike-4", "group:1"):
        wish = RefundRequest(payment.id, 1, "excess", "too much", "lan", "K", reference)
        for act in (ask, propose):
            with house.databases.write.begin() as tx, pytest.raises(WrongUsage, match="3 at once"):
                act(tx, wish, house.now)


def test_open_tasks_of_one_part_bind_that_part_only(house: House) -> None:
    payment = begin(house)
    arrives(house, payment, WHOLE)
    wish = RefundRequest(payment.id, 3_000, "excess", "too much", "lan", "K", "bike-2")
    with house.databases.write.begin() as tx:
        assert propose(tx, wish, house.now).id == propose(tx, wish, house.now).id
        with pytest.raises(Conflict, match="another refund"):
            propose(tx, replace(wish, reference="bike-3"), house.now)
        left = [left_to_ask(tx, payment, part.reference) for part in BIKES]
    assert left == [5_000, 0, 8_000]


def test_a_refund_that_failed_and_was_done_after_all_is_followed(house: House) -> None:
    payment = begin(house)
    arrives(house, payment, WHOLE)
    give_back(house, payment, 1, 5_000)
    told = [
        Told(f"n-{status}", payment.code, status, house.now, refund_key="K")
        for status in (Status.FAILED, Status.PAID)
    ]
    house.tell(told[0])
    assert shares(house) == [5_000, 3_000, 8_000]
    assert violations(house) == []
    house.tell(told[1])
    assert shares(house) == [0, 3_000, 8_000]
    assert violations(house) == []


def test_money_taken_back_by_nobody_of_ours_is_missing_from_the_end(house: House) -> None:
    payment = begin(house)
    arrives(house, payment, WHOLE)
    back = motion(MovementKind.REVERSAL, "V1", 9_000, house.now)
    house.tell(Told("n2", payment.code, Status.PAID, house.now, (back,)))
    assert shares(house) == [5_000, 2_000, 0]


def test_shares_do_not_depend_on_the_order_of_facts(house: House) -> None:
    facts = [
        receipt("R1", house.now, 9_000),
        receipt("R2", house.now + timedelta(minutes=1), 7_000),
        motion(MovementKind.REVERSAL, "V1", 4_000, house.now + timedelta(minutes=2)),
    ]
    seen = set()
    for n, order in enumerate(permutations(facts)):
        parts = tuple(Part(f"{n}-{part.reference}", part.amount) for part in BIKES)
        request = house.request(f"i{n}", WHOLE, f"group:{n}")
        payment = start(
            house.databases.write, house.gateways, replace(request, parts=parts), house.now
        )
        for fact in order:
            own = replace(fact, rail_ref=f"{n}{fact.rail_ref}")
            house.tell(Told(f"{n}{fact.rail_ref}", payment.code, Status.PAID, house.now, (own,)))
        with house.databases.read() as tx:
            seen.add(tuple(paid(tx, part.reference) for part in parts))
    assert seen == {(5_000, 3_000, 4_000)}


AMOUNTS = st.integers(min_value=0, max_value=60)
CASES = st.tuples(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 25)), min_size=2, max_size=6),
    AMOUNTS,
    AMOUNTS,
    AMOUNTS,
)


@settings(
    max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(cases=st.lists(CASES, min_size=1, max_size=40))
def test_shares_are_never_negative_and_add_up_to_what_is_kept(
    house: House, cases: list[tuple[list[tuple[int, int]], int, int, int]]
) -> None:
    """Whatever was received, reversed and refunded, in whatever proportion."""
    with house.databases.write.begin() as tx:
        for parts, received, taken_back, refunded in cases:
            name = str(new_id())
            amount = sum(amount for amount, _ in parts)
            request = house.request(name, amount, f"group:{name}")
            named = tuple(Part(f"{name}:{n}", part[0]) for n, part in enumerate(parts))
            payment = intend(tx, replace(request, parts=named), house.now)
            tx.execute(
                update(Payment)
                .where(Payment.id == payment.id)
                .values(received=received, reversed=taken_back, refunded=refunded)
            )
            for row, start_, (_, gone) in zip(
                parts_of(tx, payment.id), starts(parts), parts, strict=True
            ):
                row.start, row.returned = start_, gone
            tx.flush()
            found = [paid(tx, part.reference) for part in named]
            assert min(found) >= 0
            assert sum(found) == max(0, received - taken_back - refunded)


@pytest.mark.parametrize(
    "parts",
    [
        (Part("bike-1", WHOLE),),
        (Part("bike-1", 8_000), Part("bike-1", 8_000)),
        (Part("bike-1", WHOLE), Part("bike-2", 0)),
        (Part("bike-1", WHOLE + 1), Part("bike-2", -1)),
        (Part("bike-1", 8_000), Part("bike-2", 8_001)),
    ],
)
def test_parts_that_do_not_make_the_payment_are_refused(
    house: House, parts: tuple[Part, ...]
) -> None:
    with pytest.raises(WrongUsage):
        begin(house, parts)
    assert house.count(Payment) == house.count(Allocation) == 0


def test_ten_clicks_at_once_are_one_payment_with_its_parts_once(house: House) -> None:
    found = at_once([partial(begin, house)] * 10)
    codes = {payment.code for payment in found if isinstance(payment, Payment)}
    assert (len(codes), house.count(Payment), house.count(Allocation)) == (1, 1, len(BIKES))


def test_two_refunds_of_one_part_at_once_stay_within_it(house: House) -> None:
    payment = begin(house)
    arrives(house, payment, WHOLE)
    calls = [partial(give_back, house, payment, 2, 2_000, f"K{n}") for n in range(4)]
    done = [one for one in at_once(calls) if isinstance(one, Refund)]
    assert len(done) == 1
    assert shares(house) == [5_000, 1_000, 8_000]


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        ({"start": 1}, "parts_make_their_payment"),
        ({"amount": 4_999}, "parts_make_their_payment"),
        ({"position": 4}, "parts_make_their_payment"),
        ({"last": True}, "parts_make_their_payment"),
        ({"returned": 1}, "parts_make_their_payment"),
        ({"reference": "bike-9"}, "refunds_name_their_part"),
    ],
)
def test_parts_that_were_tampered_with_are_named(
    house: House, change: dict[str, object], rule: str
) -> None:
    payment = begin(house)
    arrives(house, payment, WHOLE)
    give_back(house, payment, 1, 1_000)
    assert violations(house) == []
    with house.databases.write.begin() as tx:
        tx.execute(update(Allocation).where(Allocation.reference == "bike-1").values(**change))
    assert rule in violations(house)
