"""Why a bank statement is not believed."""

from __future__ import annotations

from payments.errors import Complaint


class Doubt(Complaint):
    """What is wrong in a file, without the file's name; its part `line` is where, counted from 1.

    Readers raise it; `read_bank_statement` puts the name before it and refuses the whole file.
    """

    http_status = 422
