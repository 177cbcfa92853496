"""Where somebody who pays is, and where they and the notices come back to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Journey:
    """`public_url` is ours, `home` the page the payer comes back to, `payer_ip` where the payer is."""

    public_url: str
    home: str
    payer_ip: str = ""
