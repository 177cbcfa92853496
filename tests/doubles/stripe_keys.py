"""What Stripe does with `Idempotency-Key` (section 6.4)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.doubles.stripe_errors import Refused, in_flight, other_parameters
from tests.doubles.stripe_objects import Json

KEPT_SECONDS = 86_400
LONGEST = 255


@dataclass(frozen=True)
class Kept:
    asked: tuple[str, bytes]
    answer: Json
    status: int
    at: int


class Keys:
    """Answers by key. Refusals before anything was done are not kept, so they may be corrected."""

    def __init__(self) -> None:
        self.kept: dict[str, Kept] = {}
        #: Keys whose first request has not been answered yet: put one in to be refused with 409.
        self.in_flight: set[str] = set()

    def once(
        self, key: str, asked: tuple[str, bytes], now: int, work: Callable[[], Json]
    ) -> tuple[Json, bool]:
        """The answer, and whether it is the one given before."""
        if len(key) > LONGEST:
            raise Refused(f"Idempotency keys are at most {LONGEST} characters long.")
        if key in self.in_flight:
            raise in_flight(key)
        before = self.kept.get(key)
        if before is not None and now - before.at < KEPT_SECONDS:
            if before.asked != asked:
                raise other_parameters(key)
            return before.answer, True
        answer = work()
        self.kept[key] = Kept(asked, answer, 200, now)
        return answer, False
