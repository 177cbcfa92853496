"""`parking vietqr` makes codes and explains codes, to people and to scripts."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from PIL import Image

from qr.emvco import seal
from qr.image import png
from tests.cli.conftest import Parking
from tests.cli.test_errors import one_line
from tests.qr.test_reading import LONGEST, beside
from tests.qr.test_vietqr import INVALID, REFUSALS, VALID, named

OURS = ("--bank", "970436", "--account", "0011001234567")
PAYLOAD = (
    "00020101021238570010A00000072701270006970436011300110012345670208QRIBFTTA5303704540450005802VN"
    "62140810PKX7Q2M9RA6304EAEF"
)


def test_a_transfer_becomes_the_published_payload(parking: Parking) -> None:
    said = parking("vietqr", "encode", *OURS, "--amount", "5000", "--purpose", "PKX7Q2M9RA")
    assert (said.code, said.out, said.err) == (0, PAYLOAD + "\n", "")


@pytest.mark.parametrize("static", [(), ("--static",)])
def test_without_an_amount_the_code_is_static(parking: Parking, static: tuple[str, ...]) -> None:
    said = parking("vietqr", "encode", "--bank", "970403", "--account", "0011012345678", *static)
    assert said.out.strip().endswith("38570010A00000072701270006970403011300110123456780208QRIBFTTA"
                                     "53037045802VN63049E6F")  # fmt: skip


def test_vietnamese_is_folded_and_everything_comes_back(parking: Parking) -> None:
    made = parking(
        "vietqr", "encode", *OURS, "--amount", "5000", "--static",
        "--purpose", "Gửi xe: PKX7Q2M9RA", "--name", "Công ty Đỗ Xe", "--city", "Hà Nội",
    )  # fmt: skip
    said = parking("vietqr", "decode", made.out.strip(), "--json")
    assert json.loads(said.out) == {
        "static": True,
        "bin": "970436",
        "bank": "Vietcombank",
        "account": "0011001234567",
        "service": "QRIBFTTA",
        "amount": 5000,
        "currency": "VND",
        "purpose": "Gui xe PKX7Q2M9RA",
        "name": "CONG TY DO XE",
        "city": "HA NOI",
        "others": {},
        "remarks": [],
    }


def test_a_person_reads_every_field_in_both_languages(parking: Parking) -> None:
    said = parking("vietqr", "decode", VALID[2]["payload"])
    assert said.code == 0
    assert said.out.splitlines() == [
        "Loại mã / Kind of code: động, dùng cho một lần thanh toán / dynamic, for one payment",
        "Ngân hàng / Bank: 970403 Sacombank (Ngân hàng TMCP Sài Gòn Thương Tín)",
        "Số tài khoản / Account number: 0011012345678",
        "Mã dịch vụ / Service code: QRIBFTTA",
        "Số tiền / Amount: 180.000\u00a0₫",
        "Nội dung chuyển khoản / Purpose: thanh toan don hang",
        "62.01: NPS6869",
    ]


@named(VALID)
def test_every_published_code_is_accepted(parking: Parking, vector: dict[str, str]) -> None:
    assert parking("vietqr", "decode", vector["payload"], "--json").code == 0


@named(INVALID)
def test_every_published_mistake_ends_with_1_and_the_reason(
    parking: Parking, vector: dict[str, str]
) -> None:
    said = parking("vietqr", "decode", vector["payload"], "--json")
    assert (said.code, said.out) == (1, "")
    assert REFUSALS[vector["name"]] in one_line(said.err)


def test_a_code_cannot_write_over_the_terminal(parking: Parking) -> None:
    said = parking("vietqr", "decode", seal(PAYLOAD[:-8] + "8006\x1b[2Jx\n"))
    assert said.out.endswith("80: \\x1b[2Jx\\n\n")


def test_a_refusal_is_vietnamese_too(parking: Parking) -> None:
    said = parking("vietqr", "decode", PAYLOAD.replace("54045000", "54045001"))
    vietnamese, english = one_line(said.err).split(" / ")
    assert vietnamese.startswith("63 (mã kiểm tra), ký tự thứ 117: Mã kiểm tra là “EAEF” nhưng")
    assert english.startswith("63 (checksum), character 117: The checksum is “EAEF”, but")


@pytest.mark.parametrize("text", ["", "hello", "https://parking.example.vn/l/HK-012/1"])
def test_what_is_no_code_at_all_is_refused_at_its_first_character(
    parking: Parking, text: str
) -> None:
    said = parking("vietqr", "decode", text)
    assert said.code == 1
    assert "payload, character 1: " in one_line(said.err)


def test_an_unknown_bank_is_a_remark(parking: Parking) -> None:
    made = parking("vietqr", "encode", "--bank", "123456", "--account", "1")
    assert made.code == 0
    assert "Bank number 123456 is in no list of ours." in one_line(made.err)
    said = parking("vietqr", "decode", made.out.strip())
    assert said.code == 0
    assert "Ngân hàng / Bank: 123456\n" in said.out
    assert said.err == made.err
    scripted = parking("vietqr", "decode", made.out.strip(), "--json")
    assert json.loads(scripted.out)["remarks"] == ["Bank number 123456 is in no list of ours."]
    assert json.loads(scripted.out)["bank"] is None


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (
            [*OURS, "--purpose", "x" * 26],
            "--purpose: “xxxxxxxxxxxxxxxxxxxxxxxxxx” has 26 characters",
        ),
        ([*OURS, "--purpose", "!!"], "--purpose !! has no letter"),
        ([*OURS, "--name", "x" * 26], "--name: “XXXX"),
        ([*OURS, "--city", "x" * 16], "--city: “XXXX"),
        ([*OURS, "--city", "東京"], "--city: “東京”"),
        ([*OURS, "--amount", "0"], "--amount 0"),
        ([*OURS, "--amount", "1.5"], "--amount 1.5"),
        (["--bank", "VCB", "--account", "1"], "--bank: “VCB” is not 6 digits."),
        (["--bank", "970436", "--account", "1-2"], "--account: “1-2”"),
        (["--bank", "970436"], "--account"),
    ],
)
def test_wrong_usage_names_the_option(parking: Parking, arguments: list[str], told: str) -> None:
    said = parking("vietqr", "encode", *arguments)
    assert (said.code, said.out) == (2, "")
    assert told in one_line(said.err)


def test_a_picture_is_read(parking: Parking, tmp_path: Path) -> None:
    (tmp_path / "code.png").write_bytes(png(PAYLOAD))
    said = parking("vietqr", "decode", str(tmp_path / "code.png"), "--json")
    assert json.loads(said.out)["purpose"] == "PKX7Q2M9RA"


def test_a_picture_of_something_else_is_refused_with_the_reason(
    parking: Parking, tmp_path: Path
) -> None:
    Image.new("L", (200, 200), 255).save(tmp_path / "white.png")
    (tmp_path / "two.png").write_bytes(beside(PAYLOAD, LONGEST))
    (tmp_path / "text.png").write_text("text")
    (tmp_path / "link.png").write_bytes(png("https://parking.example.vn"))
    for name, told in (
        ("white.png", "white.png: No QR code can be read in it"),
        ("two.png", "two.png: There are 2 different QR codes in it"),
        ("text.png", "text.png: It is no whole picture of these kinds: PNG,"),
        ("link.png", "payload, character 1: “ht” is no object ID"),
    ):
        said = parking("vietqr", "decode", str(tmp_path / name))
        assert (said.code, said.out) == (1, "")
        assert told in one_line(said.err)


@pytest.mark.parametrize("name", ["missing.png", "./missing", "/nowhere/code", "~/missing"])
def test_a_missing_file_is_wrong_usage(parking: Parking, name: str) -> None:
    said = parking("vietqr", "decode", name)
    assert said.code == 2
    assert f"{name} cannot be read: No such file or directory." in one_line(said.err)


def test_a_folder_is_no_picture(parking: Parking, tmp_path: Path) -> None:
    said = parking("vietqr", "decode", str(tmp_path))
    assert said.code == 2
    assert "Is a directory" in one_line(said.err)
