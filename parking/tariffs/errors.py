"""What a tariff file can be refused for, always with the place where to mend it."""

from __future__ import annotations

from payments.errors import WrongUsage


class InvalidTariff(WrongUsage):
    """A tariff file that cannot be charged by: one line, ``FILE:LINE: reason``.

    Every template begins with ``%(where)s: ``, filled with the file and its line.
    """
