"""Complaints that only an application with people in front of it has."""

from __future__ import annotations

from payments.errors import Complaint


class NotAllowed(Complaint):
    """This person may not do that, and knowing it gives nothing away."""

    http_status = 403


class TooMany(Complaint):
    """Asked too often; the same request is welcome again after `retry_after` seconds."""

    http_status = 429

    def __init__(self, message: str, retry_after: int, **parts: object) -> None:
        super().__init__(message, **parts)
        self.retry_after = retry_after
