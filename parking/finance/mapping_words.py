"""What the settings of a mapping are called in front of people."""

from __future__ import annotations

from parking.languages import mark

MEANS = {
    "bank": mark("Bank statement"),
    "settlement": mark("Settlement file of the payment company"),
}

COLUMNS = {
    "date": mark("Time of the transaction"),
    "debit": mark("Debit"),
    "credit": mark("Credit"),
    "amount": mark("Amount with its sign"),
    "narrative": mark("Text of the line"),
    "reference": mark("The bank's reference"),
    "balance": mark("Balance after the line"),
    "counterparty_name": mark("Name of the other side"),
    "counterparty_account": mark("Account of the other side"),
    "counterparty_bank": mark("Bank of the other side"),
    "line": mark("Their number of the line"),
    "transaction": mark("Their number of the payment"),
    "order": mark("Our payment code"),
    "status": mark("Status"),
    "type": mark("Kind of transaction"),
    "fee": mark("Fee"),
    "fee_tax": mark("Tax on the fee"),
    "net": mark("Net"),
    "currency": mark("Currency"),
    "account": mark("Merchant number"),
    "batch": mark("Number of the payout"),
    "paid_amount": mark("Amount the driver paid"),
    "paid_currency": mark("Currency the driver paid in"),
}

LABELS = {
    "account": mark("Account or merchant number"),
    "currency": mark("Currency"),
    "since": mark("First day"),
    "until": mark("Last day"),
    "day": mark("Day of the session"),
    "opening": mark("Opening balance"),
    "closing": mark("Closing balance"),
    "count": mark("Number of transactions"),
    "gross": mark("Sum of the amounts"),
    "fee": mark("Sum of the fees"),
    "net": mark("Sum paid out"),
}

#: What a word of theirs means.
MEANINGS = {
    "done": mark("Went through (see kind of transaction)"),
    "payment": mark("Payment"),
    "refund": mark("Refund"),
    "reversal": mark("Taken back"),
    "chargeback": mark("Chargeback"),
    "payout": mark("Payout"),
    "fee": mark("Fee"),
    "other": mark("Something else"),
    "ignored": mark("Counts for nothing"),
}

_TOLD = mark("read off the file")
#: Setting → its label, and what each of its values means; an empty value is no setting.
CHOICES = {
    "encoding": (mark("Encoding"), {"": _TOLD, "utf-8": "UTF-8", "windows-1258": "Windows-1258"}),
    "delimiter": (
        mark("Separator"),
        {"": _TOLD, ",": mark("comma"), ";": mark("semicolon"), "\t": mark("tab"), "|": "|"},
    ),
    "decimal": (
        mark("Decimal separator"),
        {"": mark("read off each amount"), ",": mark("comma"), ".": mark("point")},
    ),
    "scale": (
        mark("Amounts are printed"),
        {"": mark("as they are"), "100": mark("a hundred times too large")},
    ),
    "sign": (
        mark("Refunds are printed"),
        {"": mark("with a minus"), "by_status": mark("without a minus")},
    ),
    "fee_sign": (
        mark("Fees are printed"),
        {"": mark("without a minus"), "-": mark("with a minus")},
    ),
    "debit_sign": (
        mark("Debits are printed"),
        {"": mark("without a minus"), "-": mark("with a minus")},
    ),
    "order": (
        mark("Order of the lines"),
        {"": mark("oldest first"), "newest_first": mark("newest first")},
    ),
    "totals": (
        mark("Totals in the file"),
        {"": mark("must be there"), "absent": mark("there are none")},
    ),
    "totals_cover": (
        mark("Totals are of"),
        {"": mark("all lines"), "counted": mark("only lines that count")},
    ),
    "whole": (
        mark("One file holds"),
        {"": mark("the whole of its days"), "no": mark("a part of its days")},
    ),
    "payouts": (
        mark("A payout pays for"),
        {"": mark("the lines that name it"), "day": mark("all lines of its day")},
    ),
    "entries": (
        mark("Credits on that account"),
        {"": mark("are all payouts of this company"),
         "named": mark("count only with those words")},
    ),
    "late_days": (
        mark("Late lines may be of"),
        {"": mark("no earlier day"), "1": mark("1 day before"), "3": mark("3 days before"),
         "7": mark("7 days before")},
    ),
}  # fmt: skip

#: Setting → what a value is called that is not among its choices; others stand as they are.
BESIDE = {"late_days": mark("%(value)s days before")}

#: What only an account that a company pays out has, in the same way.
PAYOUTS = {
    "account": (mark("Number of the bank account where payouts arrive"), ""),
    "payout_after": (mark("Words before the payout's number"), "VNPAY TT DOT | VNPAY CT"),
}

TEXTS = {
    "account": (mark("Number the file must be about"), ""),
    "currency": (mark("Currency of the file"), "VND"),
    "dates": (mark("How times are written"), "dd/MM/yyyy HH:mm:ss | yyyyMMddHHmmss"),
    "zone": (mark("Time zone"), "Asia/Ho_Chi_Minh"),
    "total_words": (mark("What a totals row is called"), "Tổng cộng | Total"),
    "sheet": (mark("Name of the worksheet"), ""),
}
