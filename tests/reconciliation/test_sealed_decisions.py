"""Rules, mappings, files and published renderings are sealed: one flipped byte is named."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import func, select, text, update
from sqlalchemy.exc import DatabaseError

from parking import schema
from payments.audit import append
from payments.db import Base
from payments.models import Audit
from reconciliation.models import Statement
from reconciliation.published import PublishedFile
from reconciliation.rules.deciding import approve, retire
from reconciliation.rules.models import LineRule
from reconciliation.seals import sealing
from reconciliation.seals.canonical import form_of, keyed_lines
from reconciliation.seals.models import Seal
from reconciliation.seals.verifying import unsealed
from reconciliation.uploads.mappings import write
from reconciliation.uploads.models import StatementMapping, Upload, UploadBody
from tests.reconciliation.kit import DAY, World, at
from tests.reconciliation.sealed_kit import MAPPING, decide
from tests.reconciliation.test_invariants import noticed, tamper, violations
from tests.reconciliation.test_seals import change, fill, off, sealed


@pytest.fixture
def decided(world: World) -> World:
    """Everything sealed, nothing off."""
    fill(world)
    decide(world)
    sealed(world)
    assert off(world) == []
    return world


@pytest.fixture
def proven(world: World) -> World:
    """Decisions alone; every invariant holds."""
    decide(world)
    sealed(world)
    assert violations(world) == []
    return world


def test_every_decision_is_sealed(decided: World) -> None:
    with decided.databases.read() as tx:
        counts = dict(
            tx.execute(select(Seal.source, func.sum(Seal.count)).group_by(Seal.source)).all()
        )
    kinds = (LineRule, StatementMapping, Upload, Statement, PublishedFile)
    assert {kind.__tablename__: counts[kind.__tablename__] for kind in kinds} == {
        kind.__tablename__: decided.count(kind) for kind in kinds
    }
    assert counts["published_file"] == 2


FLIPPED = [
    (LineRule, {"words": "tiền đièn"}),
    (LineRule, {"most": 900_001}),
    (LineRule, {"proposed_by": "person:lam"}),
    (StatementMapping, {"digest": "0" * 64}),
    (StatementMapping, {"note": "theo hợp dồng"}),
    (Upload, {"sha256": "0" * 64}),
    (Upload, {"name": "sao-kê.csv"}),
    (Statement, {"sha256": "0" * 64}),
    (Statement, {"net": 1}),
    (PublishedFile, {"sha256": "0" * 64}),
]


@pytest.mark.parametrize(("table", "flipped"), FLIPPED)
def test_one_flipped_byte_is_found_with_its_row(
    decided: World, table: type[Any], flipped: dict[str, Any]
) -> None:
    with decided.databases.read() as tx:
        row = tx.scalars(select(table.id).order_by(table.id)).all()[-1]
    change(decided, table, update(table).where(table.id == row).values(flipped))
    assert [(found.rule, found.found) for found in off(decided)] == [
        ("seals_equal_their_rows", f"changed: {row.hex}")
    ]


@pytest.mark.parametrize(("table", "flipped"), FLIPPED)
@pytest.mark.parametrize("act", ["update", "delete"])
def test_none_of_it_can_be_changed_or_deleted(
    decided: World, table: type[Base], flipped: dict[str, Any], act: str
) -> None:
    name, (column, value) = table.__tablename__, next(iter(flipped.items()))
    statements = {
        "update": text(f"UPDATE {name} SET {column} = :value").bindparams(value=value),
        "delete": text(f"DELETE FROM {name}"),
    }
    with pytest.raises(DatabaseError, match="append-only"), decided.databases.write.begin() as tx:
        tx.execute(statements[act])


@pytest.mark.parametrize("table", [LineRule, StatementMapping, Upload, Statement, PublishedFile])
def test_a_missing_trigger_is_noticed(decided: World, table: type[Base]) -> None:
    change(decided, table, select(1))
    name = table.__tablename__
    rows = {found.row for found in violations(decided)}
    assert {f"trigger {name}_no_update", f"trigger {name}_no_delete"} <= rows


def test_blocks_of_an_older_form_still_hold_beside_those_of_the_newer(world: World) -> None:
    decide(world)
    old = form_of("statement_mapping", 1)
    assert old is not None
    with world.databases.write.begin() as tx:
        found = keyed_lines(tx, old, old.nowhere, "f" * 32)
        sealing._append(tx, old, found, sealing.head(tx), at(DAY, 12))
    write(world.databases.write, world.account, {**MAPPING, "zone": "UTC"}, "b", "hoa", at(DAY, 13))
    sealed(world)
    with world.databases.read() as tx:
        mine = select(Seal.form).where(Seal.source == "statement_mapping").order_by(Seal.number)
        assert tx.scalars(mine).all() == [1, 2]
        first, second = tx.scalars(select(StatementMapping.id).order_by(StatementMapping.id)).all()
    assert off(world) == []
    for row in (first, second):
        mapping = update(StatementMapping).where(StatementMapping.id == row)
        change(world, StatementMapping, mapping.values(note="c"))
    assert [found.found for found in off(world)] == [
        f"changed: {first.hex}",
        f"changed: {second.hex}",
    ]


def test_another_mapping_under_its_digest_is_noticed(proven: World) -> None:
    rules = tamper(proven, StatementMapping, mapping={**MAPPING, "sign": "signed"})
    assert rules == {"mappings_equal_their_digests"}


def test_other_bytes_or_none_under_an_upload_are_noticed(proven: World) -> None:
    with proven.databases.write.begin() as tx:
        tx.execute(update(UploadBody).values(body=b"As it came"))
    assert noticed(proven) == {"uploads_equal_their_bytes"}
    with proven.databases.write.begin() as tx:
        tx.query(UploadBody).delete()
    assert [found.found for found in violations(proven)] == ["no bytes"]


@pytest.mark.parametrize(
    "forged",
    [
        {"approved_by": "person:mai"},
        {"approved_at": at(DAY, 11)},
        {"approved_by": None, "approved_at": None},
        {"retired_by": None, "retired_at": None},
        {"retired_by": "person:lan"},
    ],
)
def test_a_decision_about_a_rule_that_nobody_took_is_noticed(
    proven: World, forged: dict[str, Any]
) -> None:
    with proven.databases.write.begin() as tx:
        (rule_id,) = tx.scalars(select(LineRule.id))
        approve(tx, rule_id, "person:binh", at(DAY, 10))
        retire(tx, rule_id, "person:chi", at(DAY, 11))
    assert violations(proven) == []
    assert tamper(proven, LineRule, **forged) == {"decisions_about_rules_are_in_the_trail"}


def test_an_approval_that_only_the_trail_tells_is_noticed(proven: World) -> None:
    with proven.databases.write.begin() as tx:
        (rule_id,) = tx.scalars(select(LineRule.id))
        append(tx, "person:binh", "line_rule.approve", str(rule_id), {}, at(DAY, 10))
    (found,) = violations(proven)
    assert found.row == f"line_rule {rule_id}"
    assert found.found == "line_rule.approve: nobody, the trail says person:binh"


def test_a_trail_that_was_thinned_out_does_not_hide_a_decision(proven: World) -> None:
    with proven.databases.write.begin() as tx:
        (rule_id,) = tx.scalars(select(LineRule.id))
        approve(tx, rule_id, "person:binh", at(DAY, 10))
    sealed(proven)
    change(proven, Audit, text("DELETE FROM audit_detail"))
    change(proven, Audit, text("DELETE FROM audit WHERE act = 'line_rule.approve'"))
    assert noticed(proven) == {"decisions_about_rules_are_in_the_trail"}
    (gone,) = off(proven)
    assert "1 removed after" in gone.found


def test_rows_older_than_their_digests_and_ids_get_them_and_are_sealed(world: World) -> None:
    decide(world)
    with world.databases.read() as tx:
        (before,) = tx.scalars(select(StatementMapping.digest))
    engine = world.databases.engine
    schema.downgrade(engine, "0024")
    schema.upgrade(engine)
    with world.databases.read() as tx:
        assert tx.scalars(select(StatementMapping.digest)).all() == [before]
        assert len(set(tx.scalars(select(PublishedFile.id)))) == 2
    assert violations(world) == []
    sealed(world)
    assert off(world) == []
    with world.databases.read() as tx:
        assert unsealed(tx) == 0
