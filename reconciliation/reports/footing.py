"""A report whose parts do not add up to its total is refused; nobody has to notice it later.

A whole report is checked on what its tables declare: every column that adds up against its total,
every table of one whole against the others, every finer table against the coarser one it splits,
and the sums that hold within each row. One pass over the rows of each table.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping

from payments.errors import Conflict
from reconciliation.reports.table import Cell, Report, Row, Table

#: Parts named in the complaint; a city has more lots than one line can hold.
NAMED = 20

#: The cells that tell a row apart → the figures it has, by key.
Figures = Mapping[tuple[Cell, ...], Mapping[str, int]]


class DoesNotFoot(Conflict):
    """Parts that do not make the total printed under them."""


def check_foots(figure: str, total: int, parts: Mapping[str, int]) -> None:
    """Raises `DoesNotFoot`, naming the parts, both sums and the difference, unless `parts` make
    `total`."""
    found = sum(parts.values())
    if found == total:
        return
    named = [f"{name} {amount:,}" for name, amount in list(parts.items())[:NAMED]]
    more = ["…"] if len(parts) > NAMED else []
    raise DoesNotFoot(
        "%(figure)s does not add up: %(parts)s make %(found)s, but the total says %(total)s "
        "(difference %(difference)s).",
        figure=figure,
        parts=" + ".join(named + more) or "0",
        found=f"{found:,}",
        total=f"{total:,}",
        difference=f"{total - found:,}",
    )


def check(report: Report) -> None:
    """Raises `DoesNotFoot` naming the figure, the rows that make it, what is claimed and by how
    much they differ."""
    for table in report.tables:
        _check_rows(table)
    _check_wholes(report)
    for table in report.tables:
        if table.refines:
            _check_refinement(report.table(table.refines), table)


def _check_rows(table: Table) -> None:
    """Totals against rows, and the sums within each row."""
    adding = [(i, column.key) for i, column in enumerate(table.columns) if column.adds_up]
    found, named = dict.fromkeys((key for _, key in adding), 0), list[Row]()
    for row in table:
        _check_sums(table, row)
        for place, key in adding:
            found[key] += _number(row[place])
        if len(named) <= NAMED:
            named.append(row)
    if table.totals is None:
        return
    totals = table.fitting(table.totals)
    _check_sums(table, totals)
    for place, key in adding:
        if found[key] != _number(totals[place]):
            parts = {f"{n}. {_name(table, row)}": _number(row[place])
                     for n, row in enumerate(named, start=1)}  # fmt: skip
            _refuse(f"{table.name}.{key}", found[key], _number(totals[place]), parts)


def _refuse(figure: str, found: int, total: int, parts: dict[str, int]) -> None:
    """As `check_foots`; the rows beyond those that can be named are one part of the sum."""
    rest = found - sum(parts.values())
    check_foots(figure, total, {**parts, "…": rest} if rest else parts)


def _check_sums(table: Table, row: Row) -> None:
    for claim in table.sums:
        parts = {key: _at(table, row, key) for key in claim.plus}
        parts |= {f"−{key}": -_at(table, row, key) for key in claim.minus}
        check_foots(
            f"{table.name}: {_name(table, row)}: {claim.whole}", _at(table, row, claim.whole), parts
        )


def _check_wholes(report: Report) -> None:
    """The same total, whichever way it is split."""
    reached: dict[tuple[str, str], tuple[str, int]] = {}
    for table in report.tables:
        if not table.whole:
            continue
        for key, total in _totals(table).items():
            other, known = reached.setdefault((table.whole, key), (table.name, total))
            check_foots(f"{other}.{key} = {table.name}.{key}", known, {table.name: total})


def _totals(table: Table) -> dict[str, int]:
    if table.totals is not None:
        return {c.key: _at(table, table.totals, c.key) for c in table.columns if c.adds_up}
    sums = {column.key: 0 for column in table.columns if column.adds_up}
    for row in table:
        for key in sums:
            sums[key] += _at(table, row, key)
    return sums


def _check_refinement(coarse: Table, fine: Table) -> None:
    """Every row of `coarse` is the sum of the rows of `fine` that carry its labels."""
    shared = [c.key for c in coarse.columns if c.adds_up and c.key in {f.key for f in fine.columns}]
    claimed, found = _grouped(coarse, coarse.by, shared), _grouped(fine, coarse.by, shared)
    for labels in sorted({*claimed, *found}, key=str):
        for key in shared:
            check_foots(
                f"{coarse.name}.{key} {' '.join(map(str, labels))}".rstrip(),
                claimed.get(labels, {}).get(key, 0),
                {fine.name: found.get(labels, {}).get(key, 0)},
            )


def _grouped(table: Table, by: tuple[str, ...], keys: list[str]) -> Figures:
    groups: dict[tuple[Cell, ...], dict[str, int]] = defaultdict(lambda: dict.fromkeys(keys, 0))
    for row in table:
        labels = tuple(row[table.place(key)] for key in by)
        for key in keys:
            groups[labels][key] += _at(table, row, key)
    return groups


def _at(table: Table, row: Row, key: str) -> int:
    return _number(row[table.place(key)])


def _number(cell: Cell) -> int:
    return cell if isinstance(cell, int) else 0


def _name(table: Table, row: Row) -> str:
    """What tells a row apart, for a complaint."""
    cells = [row[table.place(key)] for key in table.by] or [row[0]]
    return " ".join(str(cell) for cell in cells if cell not in (None, "")) or "-"
