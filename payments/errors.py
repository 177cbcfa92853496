"""One family of errors for everything that can be explained to a person.

A message is an English template with named parts. `parking.languages` translates the template and
fills the parts in, so the same error reads well on a page, in a terminal and in a log. The packages
below `parking` raise these and know nothing of languages.
"""

from __future__ import annotations

from qr.errors import Explained


class Complaint(Explained):
    """Something a person can understand and mend."""

    #: HTTP answer and exit code this kind of complaint maps to, in one place for the whole house.
    http_status = 400
    exit_code = 1


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
