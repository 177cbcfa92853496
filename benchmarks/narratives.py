"""A city's bank narratives: which payment each one names, and how many are read wrongly.

``python -m benchmarks.narratives [COUNT]``: one transfer for each of so many payments, its text built and then
damaged as `DAMAGES` says, with the seed fixed here. A text is matched when exactly one code in it is of
a payment that exists; everything else goes to the queue. Wrong is a match with another payment than the
one that was paid. Ends with exit code 1 when one is wrong, or when an intact code was not matched.
"""

from __future__ import annotations

import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator

from payments.codes import ALPHABET, code_for, number_of
from payments.narratives import candidates_in

COUNT, SEED = 674_543, 20_241_113
FRAMES = (
    "{}", "CHUYEN TIEN {} GUI XE", "MBVCB.5312345678.{}.CT tu 0011004321234 NGUYEN VAN A toi 19036",
    "Thanh toán gửi xe {} - cảm ơn", "IBFT {} FT24318123456789", "QR-{}-20241113-101500", "{} {}",
)  # fmt: skip


def intact(code: str, _chance: random.Random) -> str:
    """As it was printed."""
    return code


def lower(code: str, _chance: random.Random) -> str:
    """In small letters."""
    return code.lower()


def spaced(code: str, chance: random.Random) -> str:
    """Broken by separators, as banks wrap lines."""
    at = chance.randrange(1, len(code))
    return code[:at] + chance.choice((" ", "-", ".", "/", "\n")) + code[at:]


def glued(code: str, chance: random.Random) -> str:
    """Between digits that touch it."""
    return f"{chance.randrange(10**8)}{code}{chance.randrange(10**6)}"


def mistyped(code: str, chance: random.Random) -> str:
    """One symbol is another one."""
    at = chance.randrange(2, len(code))
    other = chance.choice([symbol for symbol in ALPHABET if symbol != code[at]])
    return code[:at] + other + code[at + 1 :]


def swapped(code: str, chance: random.Random) -> str:
    """Two neighbours have changed places."""
    at = chance.randrange(2, len(code) - 1)
    return code[:at] + code[at + 1] + code[at] + code[at + 2 :]


def dropped(code: str, chance: random.Random) -> str:
    """One symbol is gone."""
    at = chance.randrange(2, len(code))
    return code[:at] + code[at + 1 :]


def cut(code: str, chance: random.Random) -> str:
    """The end is cut off."""
    return code[: chance.randrange(3, len(code))]


def absent(_code: str, _chance: random.Random) -> str:
    """The payer wrote something else."""
    return "tien gui xe"


#: What happens to a code, in how many of a thousand texts, and whether it can still be read.
DAMAGES: tuple[tuple[Callable[[str, random.Random], str], int, bool], ...] = (
    (intact, 700, True), (lower, 80, True), (spaced, 60, True), (glued, 40, True),
    (mistyped, 40, False), (swapped, 20, False), (dropped, 20, False), (cut, 20, False),
    (absent, 20, False),
)  # fmt: skip


def texts(count: int) -> Iterator[tuple[int, str, str, bool]]:
    """(payment number, damage, text, whether its code can still be read)."""
    chance = random.Random(SEED)
    kinds, shares, readable = zip(*DAMAGES, strict=True)
    for number in range(1, count + 1):
        which = chance.choices(range(len(kinds)), shares)[0]
        frame = chance.choice(FRAMES)
        told = kinds[which](code_for(number), chance)
        text = frame.replace("{}", told)
        # nothing was damaged when two equal neighbours changed places
        still = readable[which] or told == code_for(number)
        yield number, kinds[which].__name__, text, still


def named(text: str, count: int) -> int | None:
    """The number of the one payment that exists and is named in `text`; None for the queue."""
    numbers = {number_of(code) for code in candidates_in(text, incoming=True) if code[:2] == "PK"}
    existing = [number for number in numbers if number <= count]
    return existing[0] if len(existing) == 1 else None


def main() -> None:
    """Read every text and say what became of it."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COUNT
    outcomes: Counter[tuple[str, str]] = Counter()
    missed, seconds = 0, 0.0
    for number, damage, text, readable in texts(count):
        began = time.perf_counter()
        found = named(text, count)
        seconds += time.perf_counter() - began
        fate = "queue" if found is None else "matched" if found == number else "WRONG"
        outcomes[damage, fate] += 1
        missed += readable and fate != "matched"
    for (damage, fate), times in sorted(outcomes.items()):
        sys.stdout.write(f"{damage:10} {fate:8} {times:>9,}\n")
    wrong = sum(times for (_, fate), times in outcomes.items() if fate == "WRONG")
    sys.stdout.write(
        f"{count:,} texts: {wrong} wrong, {missed} readable codes not matched,"
        f" {count / seconds:,.0f} texts/s\n"
    )
    sys.exit(1 if wrong or missed else 0)


if __name__ == "__main__":
    main()
