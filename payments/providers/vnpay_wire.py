"""VNPAY 2.1.0 on the wire: names, the two ways of signing, times, and texts its encoders agree on.

Source: VNPAY's documents pay.html and querydr&refund.html (protocol facts, sections 3.1, 3.2, 3.5).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from datetime import datetime
from urllib.parse import quote_plus, unquote_plus

from payments.errors import WrongUsage
from payments.provider import InvalidNotice
from payments.providers.wire import GMT7, any_equal, hmac_hex

VERSION = "2.1.0"
HASH = "vnp_SecureHash"
#: SecureHashType belongs to version 2.0 and is ignored.
UNSIGNED = (HASH, "vnp_SecureHashType")
#: Encoders disagree on these, so that a signature over them could fail at the other end.
AMBIGUOUS = re.compile(r"[~*!'()]")
#: "No diacritics or special characters": what is left of a text that VNPAY shows.
SPECIAL = re.compile(r"[^A-Za-z0-9.,:_-]+")
LONGEST_INFO = 255
TIME = re.compile(r"[0-9]{14}")


def _names(words: str) -> tuple[str, ...]:
    return tuple(f"vnp_{word}" for word in words.split())


#: What is signed, in this order, joined by bars; a value that is missing leaves its place empty.
QUERY = _names(
    "RequestId Version Command TmnCode TxnRef TransactionDate CreateDate IpAddr OrderInfo"
)
REFUND = _names(
    "RequestId Version Command TmnCode TransactionType TxnRef Amount TransactionNo"
    " TransactionDate CreateBy CreateDate IpAddr OrderInfo"
)
QUERY_ANSWER = _names(
    "ResponseId Command ResponseCode Message TmnCode TxnRef Amount BankCode PayDate TransactionNo"
    " TransactionType TransactionStatus OrderInfo PromotionCode PromotionAmount"
)
REFUND_ANSWER = QUERY_ANSWER[:13]


def piped_hash(secret: str, names: Iterable[str], values: Mapping[str, str]) -> str:
    """The hash of a server's message: the values in their order, joined by bars."""
    content = "|".join(values.get(name, "") for name in names)
    return hmac_hex(secret, content.encode(), "sha512")


def query_text(values: Mapping[str, str]) -> str:
    """What is signed of a browser's message: sorted by name, form-encoded, nothing empty."""
    kept = sorted((k, v) for k, v in values.items() if v and k not in UNSIGNED)
    return "&".join(f"{quote_plus(name)}={quote_plus(value)}" for name, value in kept)


def signed_query(secret: str, values: Mapping[str, str]) -> str:
    """The query of a signed address. Raises `WrongUsage` for a value that would be signed
    differently at the other end."""
    for name, value in values.items():
        if AMBIGUOUS.search(value):
            raise WrongUsage(
                "%(name)s must not contain any of ~ * ! ' ( ): %(value)s.", name=name, value=value
            )
    content = query_text(values)
    return f"{content}&{HASH}={hmac_hex(secret, content.encode(), 'sha512')}"


def verified(query: str, secrets: Iterable[str]) -> dict[str, str]:
    """The values of a query that one of `secrets` signed. Raises `InvalidNotice`.

    The hash is compared with the query as it came, sorted but in its own encoding, and then as we
    would have encoded it: VNPAY's encoder and ours differ on a few characters.
    """
    pairs = [pair.partition("=")[::2] for pair in query.split("&")]
    try:
        values = {_decoded(name): _decoded(value) for name, value in pairs}
    except UnicodeDecodeError:
        raise InvalidNotice("The notice cannot be understood.") from None
    if len(values) != len(pairs):
        raise InvalidNotice("A name stands twice in the notice.")
    as_it_came = sorted((k, v) for k, v in pairs if v and k not in UNSIGNED)
    contents = ("&".join(f"{k}={v}" for k, v in as_it_came), query_text(values))
    ours = [hmac_hex(s, content.encode(), "sha512") for s in secrets for content in contents]
    if not any_equal(ours, [values.get(HASH, "").lower()]):
        raise InvalidNotice("The notice is not signed with a secret of this account.")
    return values


def _decoded(value: str) -> str:
    return unquote_plus(value, errors="strict")


def write_time(instant: datetime) -> str:
    """yyyyMMddHHmmss in Vietnam's time."""
    return instant.astimezone(GMT7).strftime("%Y%m%d%H%M%S")


def read_time(value: str) -> datetime:
    """The instant behind yyyyMMddHHmmss. Raises `ValueError` for anything else."""
    if not TIME.fullmatch(value):
        raise ValueError("not a time")
    return datetime.strptime(value, "%Y%m%d%H%M%S").replace(tzinfo=GMT7)


def read_amount(value: str) -> int:
    """Whole đồng from the hundredfold VNPAY writes. Raises `ValueError`."""
    if not (value.isascii() and value.isdigit() and len(value) <= 12 and value.endswith("00")):
        raise ValueError("not whole đồng")
    return int(value) // 100


def plain(words: str) -> str:
    """`words` in ASCII without diacritics or special characters: ``Gửi xe Đội Cấn`` → ``Gui xe
    Doi Can``."""
    apart = unicodedata.normalize("NFD", words.replace("đ", "d").replace("Đ", "D"))
    bare = "".join(char for char in apart if not unicodedata.combining(char))
    return SPECIAL.sub(" ", bare).strip()[:LONGEST_INFO]
