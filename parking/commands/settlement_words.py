"""What `parking statement import --preview` says of a provider's settlement file."""

from __future__ import annotations

from parking.commands.speech import both
from parking.languages import mark
from parking.reports.upload_words import CHECKED, KINDS
from payments.money import format_amount
from payments.provider import StatementLine
from reconciliation.uploads.settlement_preview import SettlementPreview


def facts(found: SettlementPreview, currency: str) -> list[str]:
    """Whose file it is, its totals by kind, its days, what is known already; one line each."""
    table, control = found.file.table, found.file.table.sums.control
    named = {
        mark("Merchant number in the file"): table.account or "–",
        mark("Period"): f"{table.since:%d/%m/%Y} – {table.until:%d/%m/%Y}",
        mark("Rows"): str(control.count),
        mark("Gross"): format_amount(control.gross, currency),
        mark("Fees"): format_amount(control.fee, currency),
        mark("Net"): format_amount(control.net, currency),
        mark("Totals checked"): ", ".join(both(CHECKED[name]) for name in table.checked) or "–",
        mark("Rows that name a payment of ours"): str(found.ours),
        mark("Known before"): str(found.known),
    }
    lines = [f"{both(label)}: {value}" for label, value in named.items()]
    for kind, (count, gross) in found.kinds.items():
        lines.append(f"{both(KINDS[kind])}: {count} · {format_amount(gross, currency)}")
    for word, count in sorted(found.ignored.items()):
        lines.append(f"{both(KINDS['ignored'])} ({word}): {count}")
    return lines + _days(found, currency)


def _days(found: SettlementPreview, currency: str) -> list[str]:
    said = {True: both(mark("becomes complete")), False: both(mark("stays open"))}
    return [
        f"{day.day:%d/%m/%Y}: {day.count} · {format_amount(day.gross, currency)} · {said[day.complete]}"
        for day in found.days
    ]


def row(line: StatementLine) -> str:
    """One line of the file."""
    amount = format_amount(line.gross, line.currency)
    reference = line.order_code or line.rail_ref or line.line_ref
    return f"{line.event_at:%d/%m/%Y %H:%M:%S}  {amount}  {reference}"


def plain(found: SettlementPreview) -> dict[str, object]:
    """The preview for scripts; amounts are minor units, what leaves is negative."""
    table, control = found.file.table, found.file.table.sums.control
    return {
        "account_number": table.account,
        "since": table.since.isoformat(),
        "until": table.until.isoformat(),
        "control": {
            "count": control.count, "gross": control.gross, "fee": control.fee, "net": control.net,
        },
        "checked": list(table.checked),
        "kinds": {
            kind: {"count": count, "gross": gross} for kind, (count, gross) in found.kinds.items()
        },
        "ignored": dict(sorted(found.ignored.items())),
        "known": found.known,
        "ours": found.ours,
        "days": {
            day.day.isoformat(): {"count": day.count, "gross": day.gross, "complete": day.complete}
            for day in found.days
        },
    }  # fmt: skip
