"""The audit trail, newest first: who did what to what."""

from __future__ import annotations

import json
import uuid

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from parking.house import House
from payments.errors import WrongUsage
from payments.models import Audit, AuditDetail

PAGE = 50


def add(pages: Blueprint, house: House) -> None:
    """Put the audit trail into `pages`."""

    @pages.get("/audit")
    def audit() -> ResponseReturnValue:
        wish, before = request.args.get("subject", "").strip(), request.args.get("before", "")
        with house.databases.read() as tx:
            rows = entries(tx, wish, _id(before) if before else None)
        older = str(rows[-1][0].id) if len(rows) == PAGE else ""
        shown = [(entry, _words(detail)) for entry, detail in rows]
        return render_template("admin/audit.html", entries=shown, subject=wish, older=older)


def entries(
    tx: Session, subject: str = "", before: uuid.UUID | None = None
) -> list[tuple[Audit, AuditDetail | None]]:
    """One page of the trail, newest first, older than the entry `before`; a `subject` finds what was
    done to it and what it did. A detail that retention deleted is None."""
    query = select(Audit, AuditDetail).outerjoin(AuditDetail, AuditDetail.audit_id == Audit.id)
    if subject:
        query = query.where(or_(Audit.subject == subject, Audit.actor == subject))
    if before is not None:
        query = query.where(Audit.id < before)
    rows = tx.execute(query.order_by(Audit.id.desc()).limit(PAGE))
    return [(entry, detail) for entry, detail in rows]


def _id(text: str) -> uuid.UUID:
    try:
        return uuid.UUID(text)
    except ValueError as error:
        raise WrongUsage("%(text)s is not an entry of the audit trail.", text=text) from error


def _words(detail: AuditDetail | None) -> str:
    """The detail as one readable line, names before values."""
    if detail is None:
        return ""
    return " · ".join(
        f"{key}: {value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)}"
        for key, value in detail.detail.items()
    )
