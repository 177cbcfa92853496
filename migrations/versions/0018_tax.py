"""What the tax office and companies ask for."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision: str | None = "0017"
branch_labels = None
depends_on = None

_METHOD = "tax_method IN ('deduction', 'direct', 'none')"
_APPEND_ONLY = ("receipt_change", "tax_table", "tax_table_row")
_WHOLE = sa.text("change_id IS NULL")
_CHANGED = sa.text("change_id IS NOT NULL")
_ALIVE = sa.text("state <> 'declined'")

_INVOICED = (
    "EXISTS (SELECT 1 FROM company_invoice WHERE receipt_id = NEW.receipt_id"
    " AND state IN ('exported', 'issued'))"
)
_REFUSAL = "an invoice stands for this receipt: it is not reported in a table"


def upgrade() -> None:
    _methods()
    _changes()
    _tables()
    _rows()
    _invoices()
    for table in _APPEND_ONLY:
        _protect(table)
    _refuse_invoiced()


def _on_postgresql() -> bool:
    return op.get_bind().dialect.name == "postgresql"


def _methods() -> None:
    op.create_table(
        "tax_method",
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("tax_method", sa.String(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(_METHOD, name=op.f("ck_tax_method_tax_method")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name="fk_tax_method_operator_id_operator"
        ),
        sa.PrimaryKeyConstraint("operator_id", "valid_from", name="pk_tax_method"),
    )
    op.execute(
        "ALTER TABLE receipt ADD COLUMN tax_method VARCHAR NOT NULL DEFAULT 'deduction'"
        f" CONSTRAINT ck_receipt_tax_method CHECK ({_METHOD})"
    )
    op.create_index("ix_receipt_tax_point", "receipt", ["operator_id", "tax_point"], unique=False)


def _changes() -> None:
    op.create_table(
        "receipt_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("gross = net + vat", name=op.f("ck_receipt_change_foots")),
        sa.CheckConstraint("gross <> 0", name=op.f("ck_receipt_change_not_zero")),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["receipt.id"], name="fk_receipt_change_receipt_id_receipt"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_receipt_change"),
    )
    op.create_index("ix_receipt_change_receipt_id", "receipt_change", ["receipt_id"], unique=False)
    op.create_index("ix_receipt_change_at", "receipt_change", ["at"], unique=False)
    gone = sa.text("reversed > 0 OR refunded > 0")
    op.create_index(
        "ix_payment_given_back", "payment", ["id"], unique=False,
        sqlite_where=gone, postgresql_where=gone,
    )  # fmt: skip


def _tables() -> None:
    op.create_table(
        "tax_table",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("starts", sa.Date(), nullable=False),
        sa.Column("ends", sa.Date(), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("taxpayer", sa.String(), nullable=False),
        sa.Column("tax_code", sa.String(), nullable=False),
        sa.Column("count", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.Column("invoiced", sa.BigInteger(), nullable=False),
        sa.Column("filed_by", sa.String(), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("starts <= ends AND number >= 0", name=op.f("ck_tax_table_period")),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name="fk_tax_table_operator_id_operator"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_tax_table"),
        sa.UniqueConstraint(
            "operator_id",
            "starts",
            "ends",
            "number",
            name="uq_tax_table_operator_id_starts_ends_number",
        ),
    )


def _rows() -> None:
    op.create_table(
        "tax_table_row",
        sa.Column("table_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=True),
        sa.Column("code", sa.String(), nullable=False),
        sa.Column("document", sa.String(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("product", sa.String(), nullable=False),
        sa.Column("basis_points", sa.BigInteger(), nullable=False),
        sa.Column("net", sa.BigInteger(), nullable=False),
        sa.Column("vat", sa.BigInteger(), nullable=False),
        sa.Column("gross", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "kind IN ('sale', 'change', 'withdrawn')", name=op.f("ck_tax_table_row_kind")
        ),
        sa.CheckConstraint("gross = net + vat", name=op.f("ck_tax_table_row_foots")),
        sa.ForeignKeyConstraint(
            ["table_id"], ["tax_table.id"], name="fk_tax_table_row_table_id_tax_table"
        ),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["receipt.id"], name="fk_tax_table_row_receipt_id_receipt"
        ),
        sa.ForeignKeyConstraint(
            ["change_id"], ["receipt_change.id"], name="fk_tax_table_row_change_id_receipt_change"
        ),
        sa.PrimaryKeyConstraint("table_id", "position", name="pk_tax_table_row"),
    )
    for name, column, where in (
        ("ux_tax_table_row_receipt", "receipt_id", _WHOLE),
        ("ux_tax_table_row_change", "change_id", _CHANGED),
    ):
        _unique_where(name, "tax_table_row", [column, "kind"], where)


def _unique_where(name: str, table: str, columns: list[str], where: sa.TextClause) -> None:
    op.create_index(name, table, columns, unique=True, sqlite_where=where, postgresql_where=where)


def _invoices() -> None:
    op.create_table(
        "company_invoice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("receipt_id", sa.Uuid(), nullable=False),
        sa.Column("operator_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("asked_by", sa.String(), nullable=False),
        sa.Column("asked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("batch", sa.BigInteger(), nullable=True),
        sa.Column("exported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("form", sa.BigInteger(), nullable=True),
        sa.Column("symbol", sa.String(), nullable=True),
        sa.Column("number", sa.BigInteger(), nullable=True),
        sa.Column("dated", sa.Date(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("declined_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sa.String(), nullable=True),
        sa.CheckConstraint(
            "state IN ('asked', 'exported', 'issued', 'declined')",
            name=op.f("ck_company_invoice_state"),
        ),
        sa.CheckConstraint(
            "(state = 'issued') = (number IS NOT NULL)", name=op.f("ck_company_invoice_numbered")
        ),
        sa.CheckConstraint("number BETWEEN 1 AND 99999999", name=op.f("ck_company_invoice_number")),
        sa.ForeignKeyConstraint(
            ["receipt_id"], ["receipt.id"], name="fk_company_invoice_receipt_id_receipt"
        ),
        sa.ForeignKeyConstraint(
            ["operator_id"], ["operator.id"], name="fk_company_invoice_operator_id_operator"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_company_invoice"),
        sa.UniqueConstraint(
            "operator_id",
            "form",
            "symbol",
            "number",
            name="uq_company_invoice_operator_id_form_symbol_number",
        ),
    )
    op.create_index(
        "ix_company_invoice_queue", "company_invoice", ["operator_id", "state"], unique=False
    )
    _unique_where("ux_company_invoice_receipt", "company_invoice", ["receipt_id"], _ALIVE)
    op.create_table(
        "invoice_buyer",
        sa.Column("invoice_id", sa.Uuid(), nullable=False),
        sa.Column("sealed", sa.String(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["invoice_id"],
            ["company_invoice.id"],
            name="fk_invoice_buyer_invoice_id_company_invoice",
        ),
        sa.PrimaryKeyConstraint("invoice_id", name="pk_invoice_buyer"),
    )


def _protect(table: str) -> None:
    message = f"{table} is append-only: write a correcting row instead"
    for act in ("update", "delete") + (("truncate",) if _on_postgresql() else ()):
        scope = "STATEMENT" if act == "truncate" else "ROW"
        does = (
            f"FOR EACH {scope} EXECUTE FUNCTION refuse_change()"
            if _on_postgresql()
            else f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
        )
        op.execute(f"CREATE TRIGGER {table}_no_{act} BEFORE {act.upper()} ON {table} {does}")


def _refuse_invoiced() -> None:
    """Whatever an invoice stands for is not reported; taking it back is."""
    if not _on_postgresql():
        op.execute(
            "CREATE TRIGGER tax_table_row_no_invoiced BEFORE INSERT ON tax_table_row"
            f" WHEN NEW.kind <> 'withdrawn' AND {_INVOICED}"
            f" BEGIN SELECT RAISE(ABORT, '{_REFUSAL}'); END"
        )
        return
    op.execute(
        "CREATE FUNCTION refuse_invoiced() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" IF NEW.kind <> 'withdrawn' AND {_INVOICED} THEN RAISE EXCEPTION '{_REFUSAL}'; END IF;"
        " RETURN NEW; END $$"
    )
    op.execute(
        "CREATE TRIGGER tax_table_row_no_invoiced BEFORE INSERT ON tax_table_row"
        " FOR EACH ROW EXECUTE FUNCTION refuse_invoiced()"
    )


def downgrade() -> None:
    for table in ("invoice_buyer", "tax_table_row", "company_invoice", "tax_table"):
        op.drop_table(table)
    op.drop_table("receipt_change")
    op.drop_index("ix_payment_given_back", "payment")
    if _on_postgresql():
        op.execute("DROP FUNCTION refuse_invoiced()")
    op.drop_index("ix_receipt_tax_point", "receipt")
    op.drop_column("receipt", "tax_method")
    op.drop_table("tax_method")
