"""Whether we are alive, and whether we can serve: for whoever watches the processes."""

from __future__ import annotations

import logging

from flask import Blueprint
from flask.typing import ResponseReturnValue
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session, sessionmaker

from parking import schema

log = logging.getLogger(__name__)


def standing(read: sessionmaker[Session]) -> str | None:
    """The migration the database stands at; None when it is away or was never migrated."""
    try:
        with read() as tx:
            found = tx.scalar(text("SELECT version_num FROM alembic_version"))
            return None if found is None else str(found)
    except SQLAlchemyError as error:
        log.warning("not ready: %s", getattr(error, "orig", None) or error)
        return None


def blueprint(read: sessionmaker[Session]) -> Blueprint:
    """``/healthz`` asks nobody; ``/readyz`` asks the database."""
    health = Blueprint("health", __name__)
    newest = schema.newest()

    @health.get("/healthz")
    def healthz() -> ResponseReturnValue:
        return {"status": "ok"}

    @health.get("/readyz")
    def readyz() -> ResponseReturnValue:
        if standing(read) == newest:
            return {"status": "ready"}
        return {"status": "the database is away or not migrated"}, 503, {"Retry-After": "5"}

    return health
