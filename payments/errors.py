"""One family of errors for everything that can be explained to a person.

A message is an English template with named parts. `parking.languages` translates the template and
fills the parts in, so the same error reads well on a page, in a terminal and in a log. The packages
below `parking` raise these and know nothing of languages.
"""

from __future__ import annotations


class Complaint(Exception):
    """Something a person can understand and mend.

    `message` is a translatable template such as ``"There is no lot %(lot)s."``; `parts` fill it.
    """

    #: HTTP answer and exit code this kind of complaint maps to, in one place for the whole house.
    http_status = 400
    exit_code = 1

    def __init__(self, message: str, **parts: object) -> None:
        super().__init__(message, parts)
        self.message = message
        self.parts = parts

    def __str__(self) -> str:
        return self.message % self.parts if self.parts else self.message


class WrongUsage(Complaint):
    """The question itself was malformed: wrong option, unreadable file, impossible date."""

    exit_code = 2


class NotFound(Complaint):
    """What was named does not exist, or this person may not know that it does."""

    http_status = 404


class Conflict(Complaint):
    """The request is well formed but the state of things forbids it."""

    http_status = 409


class Unavailable(Complaint):
    """Something we depend on is away for now; the same request may succeed later."""

    http_status = 503
