"""What people decide, and what they hand in and give out: a row of each in a world."""

from __future__ import annotations

import hashlib

from payments.db import new_id
from reconciliation.published import PublishedFigure, PublishedFile
from reconciliation.rules.deciding import Proposal, propose
from reconciliation.uploads.mappings import write
from reconciliation.uploads.models import Upload, UploadBody
from tests.reconciliation.kit import DAY, World, at

MAPPING = {"means": "settlement", "dates": "dd/MM/yyyy", "sign": "by_status",
           "statuses": {"done": "Thành công"}, "types": {"payment": "Thanh toán"}}  # fmt: skip


def decide(world: World) -> None:
    """A rule, a mapping, a file that was handed in, a figure that was published."""
    operator = world.account.operator
    write(world.databases.write, world.account, MAPPING, "theo hợp đồng", "hoa", at(DAY, 9))
    proposal = Proposal(operator, None, "settlement", "tiền điện", -1, None, 900_000, "Tiền điện")
    with world.databases.write.begin() as tx:
        propose(tx, proposal, "person:lan", at(DAY, 9))
        tx.add(upload := _hand_in(world, b"as it came"))
        figure = PublishedFigure(
            id=new_id(), number=1, kind="daily", parameters="{}", revision=1, since=DAY, until=DAY,
            operator=operator, as_of=at(DAY, 9), published_at=at(DAY, 10), published_by="person:lan",
        )  # fmt: skip
        tx.add(figure)
        tx.flush()
        tx.add(UploadBody(upload_id=upload.id, body=b"as it came"))
        for language in ("vi", "en"):
            body = language.encode()
            tx.add(
                PublishedFile(figure_id=figure.id, language=language, format="json",
                              sha256=hashlib.sha256(body).hexdigest(), body=body)
            )  # fmt: skip


def _hand_in(world: World, raw: bytes) -> Upload:
    return Upload(
        id=new_id(), account_id=world.account.id, name="sao-ke.csv",
        sha256=hashlib.sha256(raw).hexdigest(), number="001", since=DAY, until=DAY, opening=0,
        closing=0, entries=0, offered_by="hoa", offered_at=at(DAY, 9),
    )  # fmt: skip
