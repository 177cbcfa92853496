"""What columns, labels and totals are usually called, in Vietnamese and English, as `cells.folded` leaves
it; a mapping adds to it. Of a settlement file no provider publishes a layout: these are words that
their portals and interfaces use, and every account's own mapping has the last word.
"""

from __future__ import annotations

from collections.abc import Mapping

Words = Mapping[str, frozenset[str]]

BANK, SETTLEMENT = "bank", "settlement"
MEANINGS = (BANK, SETTLEMENT)


def _words(said: Mapping[str, tuple[str, ...]]) -> Words:
    return {name: frozenset(words) for name, words in said.items()}


#: Of both meanings.
_COMMON = {
    "date": ("ngay giao dich", "ngay gd", "ngay hach toan", "date", "transaction date",
             "booking date", "posting date"),
    "debit": ("so tien ghi no", "ghi no", "phat sinh no", "debit", "debit amount", "withdrawal"),
    "credit": ("so tien ghi co", "ghi co", "phat sinh co", "credit", "credit amount", "deposit"),
    "amount": ("so tien", "so tien giao dich", "amount", "transaction amount"),
    "narrative": ("mo ta", "noi dung", "noi dung giao dich", "dien giai", "mo ta giao dich",
                  "description", "details", "transaction description", "transaction details",
                  "remarks", "narrative"),
}  # fmt: skip

#: Meaning → role → the headings of its column.
HEADINGS: Mapping[str, Words] = {
    BANK: _words({
        **_COMMON,
        "reference": ("so tham chieu", "so ct", "so chung tu", "so but toan", "ma giao dich",
                      "reference", "reference number", "reference no", "ref no", "transaction id"),
        "balance": ("so du", "so du cuoi", "balance", "running balance"),
        "counterparty_name": ("ten nguoi chuyen", "ten doi ung", "ten tai khoan doi ung",
                              "counterparty name", "remitter"),
        "counterparty_account": ("tai khoan doi ung", "so tai khoan doi ung", "counterparty account"),
        "counterparty_bank": ("ngan hang doi ung", "counterparty bank", "remitter bank"),
    }),
    SETTLEMENT: _words({
        **_COMMON,
        "date": (*_COMMON["date"], "thoi gian", "thoi gian giao dich", "ngay gio giao dich",
                 "thoi gian thanh toan", "transaction time", "payment time"),
        "amount": (*_COMMON["amount"], "gia tri giao dich", "gia tri", "gross", "gross amount"),
        "line": ("line", "line id", "ma dong"),
        "transaction": ("ma giao dich", "so giao dich", "transaction id", "transaction no",
                        "transaction number"),
        "order": ("ma don hang", "ma hoa don", "so hoa don", "ma tham chieu", "order id",
                  "order code", "merchant reference"),
        "status": ("trang thai", "trang thai giao dich", "status", "transaction status"),
        "type": ("loai giao dich", "loai", "transaction type", "type"),
        "fee": ("phi", "phi giao dich", "phi dich vu", "fee", "transaction fee"),
        "fee_tax": ("thue gtgt", "vat", "thue vat", "thue phi", "fee vat"),
        "net": ("thuc nhan", "so tien thuc nhan", "net", "net amount", "settlement amount"),
        "currency": ("loai tien", "tien te", "currency"),
        "account": ("ma merchant", "ma doi tac", "ma website", "merchant id", "merchant code",
                    "partner code", "terminal id", "app id"),
        "batch": ("ma dot thanh toan", "ma lo", "payout id", "batch", "batch number"),
        "paid_amount": (),
        "paid_currency": (),
    }),
}  # fmt: skip

_PERIOD = {
    "account": ("so tai khoan", "tai khoan", "so tk", "account", "account number", "account no"),
    "currency": ("loai tien", "loai tien te", "don vi tien te", "tien te", "currency"),
    "since": ("tu ngay", "from", "from date"),
    "until": ("den ngay", "to", "to date"),
}

#: Meaning → label → what stands before its value in the rows around the table.
LABELS: Mapping[str, Words] = {
    BANK: _words({
        **_PERIOD,
        "opening": ("so du dau ky", "opening balance"),
        "closing": ("so du cuoi ky", "closing balance"),
    }),
    SETTLEMENT: _words({
        **_PERIOD,
        "account": ("ma merchant", "ma doi tac", "ma website", "merchant id", "merchant code",
                    "partner code", "terminal id", "app id"),
        "day": ("ngay doi soat", "phien doi soat", "settlement date", "reconciliation date"),
        "count": ("tong so giao dich", "so luong giao dich", "number of transactions",
                  "transaction count"),
        "gross": ("tong gia tri giao dich", "tong so tien giao dich", "gross total"),
        "fee": ("tong phi", "total fee", "total fees"),
        "net": ("tong thuc nhan", "so tien thanh toan", "net total", "settlement total"),
    }),
}  # fmt: skip

TOTALS = frozenset(
    {"tong", "tong cong", "tong so", "tong phat sinh", "cong phat sinh", "total", "totals"}
)

#: What a provider's word can mean. `done`: it went through, and the column `type` says what it was.
KINDS = ("payment", "refund", "reversal", "chargeback", "fee", "payout", "other", "ignored", "done")
