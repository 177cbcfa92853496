"""Charts: whatever the rows are, nothing leaves the picture and the largest is the longest."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from reconciliation.reports.chart import (
    GROUND,
    HIGHEST,
    LEFT,
    LONGEST,
    MOST_BARS,
    WIDTH,
    drawn,
)  # fmt: skip
from reconciliation.reports.table import Chart
from tests.reconciliation.report_kit import COUNT, DAY, EN, GROSS, LOT, REFUNDS, VI, report, table

AMOUNTS = st.lists(st.integers(0, 10**12), min_size=1, max_size=40)
BY_LOT = Chart("by_lot", "Gross", "lot", ("gross",))


def lots(amounts: list[int]):  # type: ignore[no-untyped-def]
    return report(table("by_lot", (LOT, GROSS), [(f"HK{n}", a) for n, a in enumerate(amounts)]))


@given(AMOUNTS)
def test_bars_lie_in_the_picture_the_largest_first(amounts: list[int]) -> None:
    found = drawn(lots(amounts), BY_LOT, VI)
    if not any(amounts):
        assert found is None
        return
    assert found is not None
    assert len(found.shapes) == min(sum(map(bool, amounts)), MOST_BARS)
    assert [shape.width for shape in found.shapes] == sorted(
        (shape.width for shape in found.shapes), reverse=True
    )
    assert found.shapes[0].width == LONGEST
    assert all(s.x >= LEFT and s.y + s.height <= found.height for s in found.shapes)


@given(AMOUNTS)
def test_days_stand_side_by_side_on_one_ground(amounts: list[int]) -> None:
    rows = [(date(2026, 11, 1) + timedelta(days=n), a, 1) for n, a in enumerate(amounts)]
    made = report(table("by_day", (DAY, GROSS, REFUNDS), rows))
    found = drawn(made, Chart("by_day", "Gross", "day", ("gross", "refunds")), EN)
    assert found is not None
    assert len(found.shapes) == 2 * len(amounts)
    assert all(shape.x + shape.width <= WIDTH for shape in found.shapes)
    assert max(shape.height for shape in found.shapes) == HIGHEST
    assert found.lines == (GROUND - HIGHEST, GROUND)


def test_the_row_of_all_the_rest_is_no_bar_among_the_others() -> None:
    made = report(table("by_lot", (LOT, GROSS), [("HK01", 3), ("HK02", 2), ("…", 90)]))
    found = drawn(made, replace(BY_LOT, rest="…"), EN)
    assert found is not None
    assert [shape.width for shape in found.shapes] == [LONGEST, LONGEST * 2 // 3]


def test_a_long_name_is_cut_and_told_whole_to_who_points_at_it() -> None:
    name = "Bãi xe Trần Quang Khải, cổng số 2 phía bờ sông"
    made = report(table("by_lot", (LOT, COUNT), [(name, 3)]))
    found = drawn(made, replace(BY_LOT, values=("count",)), VI)
    assert found is not None
    assert found.labels[0].text.endswith("…")
    assert found.shapes[0].told == f"{name}: Số giao dịch 3"
