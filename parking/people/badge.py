"""Who is signed in, as a value: pages ask it what this person may see."""

from __future__ import annotations

import uuid
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Badge:
    """`operator_id` and `operator` (its code) limit what is seen; None sees every operator.
    `lots` are the ids of the lots an attendant works at, empty for everybody else."""

    person_id: uuid.UUID
    username: str
    name: str
    role: str
    operator_id: uuid.UUID | None
    operator: str | None
    lots: frozenset[uuid.UUID]

    @property
    def actor(self) -> str:
        """This person's name in the audit trail."""
        return f"person:{self.username}"
