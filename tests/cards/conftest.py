from __future__ import annotations

from tests.attendant.conftest import hoa

__all__ = ["hoa"]
