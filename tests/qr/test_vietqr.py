"""A code says what we meant, a foreign code is read exactly or refused by name."""

from __future__ import annotations

import json
import string
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from qr.emvco import InvalidPayload, seal
from qr.vietqr import Transfer, decode, encode

VECTORS = Path(__file__).parent / "vectors"
PUBLISHED: list[dict[str, Any]] = json.loads((VECTORS / "vietqr.json").read_text())["vectors"]
VALID = [vector for vector in PUBLISHED if vector["expect"] == "valid"]
INVALID = [vector for vector in PUBLISHED if vector["expect"] != "valid"]
#: why each is refused; the last two carry a right checksum, so only reading every depth finds them
REFUSALS = {
    "napas static account, as printed in the spec": "38.01 (beneficiary), character 61: “8” is no",
    "napas dynamic card, heading line as printed": "“A203”, but this text has 4F52",
    "vqp bad CRC": "“BBB5”, but this text has BBB8",
    "UTF-8 purpose counted in characters": "payload, character 112: “á” is not ASCII, and from",
    "published QR with payload format 00 (not 01)": "00 (payload format), character 5: “00”",
    "vietqr-ts fixture DYNAMIC_FULL": "38.01 (beneficiary), character 62: Object 02 does not belong",
}

OURS = Transfer("970436", "0011001234567", amount=5000, purpose="PKX7Q2M9RA")
PAYLOAD = encode(OURS)

ASCII = st.characters(min_codepoint=0x20, max_codepoint=0x7E)
TEXT = st.text(ASCII, max_size=25)
ANY = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)
OTHERS = st.fixed_dictionaries(
    {},
    optional={
        "26": ANY,
        "52": st.from_regex("[0-9]{4}", fullmatch=True),
        "55": st.just("01"),
        "61": st.text(ASCII, min_size=1, max_size=10),
        "62.01": st.text(ASCII, min_size=1, max_size=25),
        "62.07": st.text(ASCII, min_size=1, max_size=25),
        "64.00": st.just("vi"),
        "71": ANY,
        "80": ANY,
    },
).map(lambda found: {**found, "64.01": "Bãi xe Phố Huế"} if "64.00" in found else found)
TRANSFERS = st.builds(
    Transfer,
    bin=st.from_regex("[0-9]{6}", fullmatch=True),
    account=st.text(string.ascii_letters + string.digits, min_size=1, max_size=19),
    amount=st.none() | st.integers(1, 10**13 - 1),
    purpose=TEXT,
    payee=TEXT,
    city=st.text(ASCII, max_size=15),
    static=st.booleans(),
    service=st.sampled_from(["QRIBFTTA", "QRIBFTTC", "QRPUSH", "QRCASH", ""]),
    others=OTHERS.map(lambda found: tuple(sorted(found.items()))),
)


def named(vectors: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("vector", vectors, ids=[vector["name"] for vector in vectors])


@named(VALID)
def test_a_published_code_is_read_and_written_again(vector: dict[str, Any]) -> None:
    found, decoded = decode(vector["payload"]), vector["decoded"]
    additional = decoded.get("additional", {})
    assert found == Transfer(
        bin=decoded["bin"],
        account=decoded["account"],
        amount=int(decoded["amount"]) if "amount" in decoded else None,
        purpose=additional.get("08", ""),
        static=decoded["initiation"] == "11",
        service=decoded["service"],
        others=tuple((f"62.{id_}", text) for id_, text in additional.items() if id_ != "08"),
    )
    assert encode(found) == vector["payload"]
    assert found.remarks == ()


def test_every_vector_is_used() -> None:
    assert len(VALID) >= 10
    assert {vector["name"] for vector in INVALID} == set(REFUSALS)


@named(INVALID)
def test_a_published_mistake_is_refused(vector: dict[str, Any]) -> None:
    assert REFUSALS[vector["name"]] in refusal(vector["payload"])


@pytest.mark.parametrize(
    "payload",
    [
        "00020101021138540010A00000072701240006970422011003523509170208QRIBFTTA53037045802VN630479db",
        "00020101021138540010A00000072701240006970422011003523509170208QRIBFTTA53037045802VN630479DB",
    ],
)
def test_a_checksum_in_small_letters_is_as_good(payload: str) -> None:
    assert encode(decode(payload)) == payload.upper()


@given(TRANSFERS)
def test_what_is_written_is_read_back(transfer: Transfer) -> None:
    assert decode(encode(transfer)) == transfer


@given(TRANSFERS, st.data())
def test_a_changed_character_is_always_noticed(transfer: Transfer, data: st.DataObject) -> None:
    payload = encode(transfer)
    changed = mutated(payload, data)
    if changed[:-4] == payload[:-4] and changed[-4:].upper() == payload[-4:]:
        assert encode(decode(changed)) == payload
    else:
        refusal(changed)


@given(TRANSFERS, st.data())
def test_a_changed_and_sealed_code_is_refused_or_means_what_it_says(
    transfer: Transfer, data: st.DataObject
) -> None:
    forged = seal(mutated(encode(transfer)[:-8], data))
    try:
        found = decode(forged)
    except InvalidPayload:
        return
    assert decode(encode(found)) == found
    # an amount may be spelt in several ways, objects may stand in any order
    assert abs(len(encode(found)) - len(forged)) <= 13


@given(st.text(max_size=120) | st.text("0123456789", max_size=120))
def test_any_text_is_read_or_refused_and_nothing_else(payload: str) -> None:
    refusal(payload)
    refusal(seal("000201" + payload))


@given(TRANSFERS, st.data())
def test_a_cut_code_is_refused(transfer: Transfer, data: st.DataObject) -> None:
    payload = encode(transfer)
    refusal(payload[: data.draw(st.integers(0, len(payload) - 1))])


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("5303704", "", "53 (currency), character 1: It is missing."),
        ("5303704", "5303840", "53 (currency)"),
        ("5802VN", "5802US", "58 (country)"),
        ("010212", "", "01 (point of initiation), character 1: It is missing."),
        (
            "010212",
            "010213",
            "01 (point of initiation), character 11: “13” cannot stand here; 11, 12",
        ),
        ("A000000727", "A000000775", "38.00 (scheme), character 21"),
        ("0208QRIBFTTA", "0208QRIBFTTX", "38.02 (service code)"),
        (
            "0006970436",
            "00069704AB",
            "38.01.00 (bank number), character 39: “9704AB” is not 6 digits.",
        ),
        ("0113001100", "0113001-00", "38.01.01 (account number), character 49"),
        ("54045000", "54040000", "54 (amount)"),
        ("54045000", "54045.00", "54 (amount)"),
        ("54045000", "54045 00", "54 (amount)"),
        ("54045000", "54145000000000000.", "54 (amount)"),
        ("PKX7Q2M9RA", "PKX7Q2M9R\n", "62.08 (purpose)"),
        ("5802VN", "5802VN5926" + "A" * 26, "59 (merchant name)"),
        ("5802VN", "5802VN6016" + "A" * 16, "60 (merchant city)"),
        ("5802VN", "5802VN5909NGUYỄN AB", "59 (merchant name)"),
        ("5802VN", "55020256041000" + "5802VN", None),
        ("5802VN", "550202" + "5802VN", "56 (fixed fee)"),
        ("5802VN", "56041000" + "5802VN", "56 (fixed fee)"),
        ("5802VN", "550203570501.50" + "5802VN", None),
        ("5802VN", "550203570500.00" + "5802VN", "57 (fee in percent)"),
        ("5802VN", "5802VN6006HA NOI", None),
    ],
)
def test_a_rule_of_the_scheme_that_is_broken_is_named(old: str, new: str, told: str | None) -> None:
    body = PAYLOAD[:-8]
    assert body.count(old) == 1
    changed = body.replace(old, new)
    if told is None:
        assert decode(seal(changed)).bank is not None
    else:
        assert told in refusal(seal(changed))


def test_a_code_of_another_scheme_is_no_vietqr() -> None:
    vnpay = seal("00020101021226220010A0000007750104SHOP53037045802VN")
    assert "38 (VietQR), character 1: It is missing." in refusal(vnpay)


def test_other_schemes_and_unknown_objects_beside_vietqr_are_let_through() -> None:
    crowded = seal(PAYLOAD[:-8] + "26130010vn.momo12" + "6502ab" + "8003123")
    assert decode(crowded) == replace(
        OURS, others=(("26", "0010vn.momo12"), ("65", "ab"), ("80", "123"))
    )


def test_an_amount_may_end_in_a_point_and_begin_with_zeros() -> None:
    for spelling in ("54055000.", "5406005000", "54045000"):
        assert decode(seal(PAYLOAD[:-8].replace("54045000", spelling))) == OURS


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"bin": ""}, "38.01.00 (bank number): “” is not 6 digits."),
        ({"bin": "97043"}, "38.01.00 (bank number)"),
        ({"account": ""}, "38.01.01 (account number)"),
        ({"account": "1" * 20}, "38.01.01 (account number): “11111111111111111111” has 20"),
        ({"account": "1" * 200}, "38.01.01 (account number)"),
        ({"account": "00 11"}, "38.01.01 (account number)"),
        ({"amount": 0}, "54 (amount)"),
        ({"amount": -5}, "54 (amount)"),
        ({"amount": 10**13}, "54 (amount)"),
        ({"amount": 5000.5}, "54 (amount)"),
        ({"amount": True}, "54 (amount)"),
        ({"purpose": "x" * 26}, "62.08 (purpose): “xxxxxxxxxxxxxxxxxxxxxxxxxx” has 26 characters; 1 to 25"),
        ({"purpose": "gửi xe"}, "62.08 (purpose)"),
        ({"payee": "x" * 26}, "59 (merchant name)"),
        ({"city": "x" * 16}, "60 (merchant city)"),
        ({"service": "QRNONE"}, "38.02 (service code)"),
        ({"others": (("63", "ABCD"),)}, "63 (checksum): “ABCD” cannot be given"),
        ({"others": (("9", "x"),)}, "“9” is no object ID"),
        ({"others": (("38.03", "x"),)}, "38 (VietQR): Object 03 does not belong here; 00, 01, 02 do."),
        ({"others": (("61", "x" * 11),)}, "61 (postal code)"),
        ({"others": (("26.00", "x"),)}, "26 (other): It is 0 characters long"),
        ({"others": (("64.00", "vi"),)}, "64.01 (merchant name): It is missing."),
        ({"others": (("80", "x" * 100),)}, "80 (other): It is 100 characters long"),
    ],
)  # fmt: skip
def test_what_no_code_may_say_is_not_written(change: dict[str, Any], told: str) -> None:
    with pytest.raises(InvalidPayload) as refused:
        encode(replace(OURS, **change))
    assert told in str(refused.value)


def test_a_whole_template_has_at_most_99_characters() -> None:
    full = [(f"62.{id_}", "x" * 25) for id_ in ("01", "07")]
    fitting = replace(OURS, purpose="x" * 25, others=(*full, ("62.03", "x" * 8)))
    assert decode(encode(fitting)).others[0] == ("62.01", "x" * 25)
    with pytest.raises(InvalidPayload, match=r"62 \(additional data\): It is 100 characters long"):
        encode(replace(fitting, others=(*full, ("62.03", "x" * 9))))


def test_virtual_accounts_keep_their_case() -> None:
    for account in ("VQRQABRLS0448", "99ZP24334O00721677", "AbC123"):
        assert decode(encode(replace(OURS, account=account))).account == account


def test_an_unknown_bank_and_an_amount_too_large_are_remarked_not_refused() -> None:
    odd = decode(encode(replace(OURS, bin="123456", amount=500_000_000)))
    assert odd.bank is None
    assert [str(remark) for remark in odd.remarks] == [
        "Bank number 123456 is in no list of ours.",
        "A fast transfer carries less than 500,000,000 dong.",
    ]
    assert replace(OURS, amount=499_999_999).remarks == ()


def test_the_longest_numbers_of_both_kinds_fit() -> None:
    assert len(encode(replace(OURS, account="9" * 19, service="QRIBFTTC"))) == len(PAYLOAD) + 6


def mutated(text: str, data: st.DataObject) -> str:
    """One character replaced by another."""
    place = data.draw(st.integers(0, len(text) - 1))
    other = data.draw(st.sampled_from(string.printable + "á").filter(lambda c: c != text[place]))
    return text[:place] + other + text[place + 1 :]


def refusal(payload: str) -> str:
    with pytest.raises(InvalidPayload) as refused:
        decode(payload)
    assert refused.value.place.at is not None
    return str(refused.value)
