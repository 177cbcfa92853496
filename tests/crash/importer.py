"""A process that takes in a file and may be killed at any moment: `python -m tests.crash.importer`."""

from __future__ import annotations

import sys
from pathlib import Path

from sqlalchemy import select

from payments.accounts import Gateways
from payments.db import connect
from payments.models import MerchantAccount
from payments.providers import PROVIDERS
from payments.secrets import Vault
from reconciliation.uploads.service import accept
from tests.payments.kit import KEY
from tests.payments.word_of_mouth import NoNetwork
from tests.statements.desk import NOW


def main(url: str, file: Path) -> None:
    """Take `file` in for the only account of the database at `url`."""
    databases = connect(url)
    gateways = Gateways(PROVIDERS, NoNetwork(), lambda: NOW, Vault([KEY]))
    with databases.read() as tx:
        account = tx.scalars(select(MerchantAccount)).one()
    for upload in accept(
        databases.write, gateways, account, file.name, file.read_bytes(), "hoa", NOW
    ):
        sys.stdout.write(f"{upload.recorded}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
