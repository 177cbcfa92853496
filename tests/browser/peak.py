"""Half past five at one lot: two attendants, each with a phone, and the vehicles they let out."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, expect
from sqlalchemy import select

from parking.app import system_clock
from parking.people.service import NewPerson, add_person
from parking.sessions.models import ParkingSession
from payments.models import Audit
from tests.browser.conftest import PHONE, City
from tests.browser.lane import LOT, find, pay, sign_in

#: Milliseconds that a page may take for anything.
LATEST = 10_000
SCRIPT = (Path(__file__).parent / "attendant.js").read_text()
#: Whether the lane shows a vehicle in a state, asked with every frame.
SEEN = """([plate, state]) =>
  document.querySelector(`.found .hit[data-plate="${plate}"]`)?.dataset.state === state"""


@contextmanager
def phones(city: City, chrome: Browser, count: int = 2) -> Iterator[list[Page]]:
    """Phones of two people, in turn, who work at the lanes of one lot."""
    with city.house.databases.write.begin() as tx:
        new = NewPerson("lan", "attendant", name="Trần Thị Lan", lots=(LOT,))
        password = add_person(tx, new, system_clock())
    city.credentials.append(type(city.credentials[0])("lan", "attendant", "Lan", password))
    with ExitStack() as stack:
        pages = []
        for number in range(count):
            context = stack.enter_context(chrome.new_context(viewport=PHONE))
            pages.append(context.new_page())
            pages[-1].set_default_timeout(LATEST)
            sign_in(city, pages[-1], ("trongxe1", "lan")[number % 2])
        yield pages


def plates(count: int) -> list[str]:
    """So many plates, whose last five digits differ."""
    numbers = random.Random(530).sample(range(100_000), count)
    digits = (f"{number:05}" for number in numbers)
    return [f"29-{'BCDEFGHKLM'[n % 10]}{n % 9 + 1} {d[:3]}.{d[3:]}" for n, d in enumerate(digits)]


def digits_of(plate: str) -> str:
    return plate[-6:].replace(".", "")


def let_out_after_paying(city: City, page: Page, session: ParkingSession) -> float:
    """Two touches: show the code, and out as soon as the money has come. The milliseconds from the
    moment we know of the money to the frame in which the phone shows it."""
    find(page, digits_of(session.plate)).locator("[data-act=code]").click()
    expect(page.locator(".sheet-plate")).to_have_text(session.plate)
    expect(page.locator(".sheet-code svg")).to_be_visible()
    pay(city, session)
    took = page.evaluate(
        f"""async (asked) => {{
          const began = performance.now(), seen = {SEEN};
          while (!seen(asked) && performance.now() - began < {LATEST})
            await new Promise(requestAnimationFrame);
          return performance.now() - began;
        }}""",
        [session.plate, "paid"],
    )
    expect(page.locator(".sheet")).to_be_hidden()
    row = page.locator(f'.found .hit[data-plate="{session.plate}"]')
    row.locator("[data-act=out]").click()
    expect(row).to_have_attribute("data-state", "left")
    return float(took)


def begin(pages: Sequence[Page], queues: Sequence[list[str]], think: tuple[int, int]) -> None:
    """Put the attendants to work, all at the same time; `think`: they rest so many milliseconds, at
    least and at most, before each act."""
    for page, queue in zip(pages, queues, strict=True):
        page.evaluate(
            f"([plates, think]) => {{ {SCRIPT}; window.played = play(plates, think); }}",
            [queue, think],
        )


def finish(pages: Sequence[Page]) -> list[dict[str, Any]]:
    """Wait until all are done, and what each of them saw: `shown`, a row for each vehicle, and
    `told`, what the lane said of acts that somebody else did first."""
    return [page.evaluate("window.played") for page in pages]


def every_exit(city: City) -> Counter[str]:
    """How often each stay was let out."""
    with city.house.databases.read() as tx:
        left = tx.scalars(
            select(ParkingSession.reference).where(ParkingSession.exit_at.is_not(None))
        )
        acts = tx.scalars(select(Audit.subject).where(Audit.act == "session.exit"))
        counted = Counter(acts)
        assert set(left) == set(counted)
    return counted
