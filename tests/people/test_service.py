"""Adding and changing people: who may be what, and that every act is written down."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from parking.house import House
from parking.people import service
from parking.people.service import NewPerson
from payments.errors import Complaint, Conflict, NotFound
from payments.models import Audit
from tests.web.kit import add_lots


def add(house: House, new: NewPerson) -> str:
    with house.databases.write.begin() as tx:
        return service.add_person(tx, new, house.clock(), "person:root")


@pytest.mark.parametrize(
    ("new", "words"),
    [
        (NewPerson("a", "admin"), "cannot be a user name"),
        (NewPerson("đỗ🚗", "admin"), "cannot be a user name"),
        (NewPerson("an" * 20, "admin"), "cannot be a user name"),
        (NewPerson("an", "king"), "attendant, finance, admin"),
        (NewPerson("an", "attendant"), "one lot or more"),
        (NewPerson("an", "finance", lots=("A1",)), "nobody else has lots"),
        (NewPerson("an", "attendant", lots=("A1", "Z9")), "no lot Z9"),
        (NewPerson("an", "attendant", lots=("A1", "B1")), "one operator"),
        (NewPerson("an", "attendant", lots=("A1",), operator="ho-guom"), "one operator"),
        (NewPerson("an", "finance", operator="nobody"), "no operator nobody"),
        (NewPerson("an", "admin", operator="ho-guom"), "name none"),
    ],
)
def test_an_impossible_person_is_refused_and_leaves_nothing(
    house: House, new: NewPerson, words: str
) -> None:
    add_lots(house)
    with pytest.raises(Complaint, match=words):
        add(house, new)
    with house.databases.read() as tx:
        assert tx.scalars(select(Audit)).all() == []
        with pytest.raises(NotFound):
            service.person(tx, new.username)


def test_finance_staff_belong_to_one_operator_or_to_the_city(house: House) -> None:
    add_lots(house)
    add(house, NewPerson("chi", "finance", operator="ho-guom"))
    add(house, NewPerson("dung", "finance", name=" Dũng "))
    with house.databases.read() as tx:
        assert service.person(tx, "chi").operator_id is not None
        assert service.person(tx, "Dung").operator_id is None
        assert service.person(tx, "dung").name == "Dũng"


def test_a_user_name_is_taken_whatever_its_case(house: House) -> None:
    add(house, NewPerson("an", "admin"))
    with pytest.raises(Conflict):
        add(house, NewPerson("AN", "finance"))


def test_taking_access_away_twice_is_one_act_and_can_be_undone(house: House) -> None:
    add(house, NewPerson("chi", "finance"))
    for act in (service.disable, service.disable, service.enable, service.enable):
        with house.databases.write.begin() as tx:
            act(tx, "chi", house.clock(), "person:root")
    with house.databases.read() as tx:
        acts = tx.execute(select(Audit.act, Audit.subject, Audit.actor).order_by(Audit.id)).all()
        assert service.person(tx, "chi").disabled_at is None
    assert [tuple(act) for act in acts] == [
        (f"person.{act}", "person:chi", "person:root") for act in ("add", "disable", "enable")
    ]


def test_nobody_locks_themselves_out(house: House) -> None:
    add(house, NewPerson("an", "admin"))
    with pytest.raises(Conflict), house.databases.write.begin() as tx:
        service.disable(tx, "an", house.clock(), "person:an")


def test_a_password_is_never_written_into_the_trail(house: House) -> None:
    add(house, NewPerson("an", "admin"))
    with house.databases.write.begin() as tx:
        password = service.reset_password(tx, "an", house.clock())
        stored = service.person(tx, "an").password_hash
    with house.databases.read() as tx:
        entries = [f"{e.actor} {e.act} {e.subject}" for e in tx.scalars(select(Audit))]
    assert entries[-1] == "command person.reset_password person:an"
    assert password not in stored
    assert not any(password in entry for entry in entries)
