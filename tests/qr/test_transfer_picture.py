"""The saved picture of a payment scans from a screen and says what the bank will ask to confirm."""

from __future__ import annotations

from dataclasses import replace
from io import BytesIO

import pytest
from PIL import Image, ImageFilter

from qr.image import UnfitPayload
from qr.lettering import UnprintableText
from qr.reading import read_code
from qr.transfer_picture import TransferPicture, transfer_png
from qr.vietqr import Transfer, encode

PICTURE = TransferPicture(
    payload=encode(Transfer("970436", "0011001234567", amount=5000, purpose="PKX7Q2M9RA")),
    heading="Chuyển khoản phí gửi xe",
    call="Mở ứng dụng ngân hàng, quét mã này hoặc chọn ảnh",
    amount="5.000 ₫",
    transfer=(
        ("Người nhận", "CTY TNHH MTV KHAI THAC DX"),
        ("Ngân hàng", "Vietcombank"),
        ("Số tài khoản", "0011001234567"),
        ("Nội dung", "PKX7Q2M9RA"),
    ),
    purpose=(("Bãi xe", "HK-012 · Bãi xe Lý Thường Kiệt"), ("Biển số", "29-X1 234.56")),
    valid_until="Có hiệu lực đến 14:35, thứ Năm 26/11/2026",
)
LONG = "CÔNG TY TNHH MỘT THÀNH VIÊN KHAI THÁC ĐIỂM ĐỖ XE HÀ NỘI"
ROWS = [(place, side) for place in range(6) for side in range(2)]


def drawn(picture: TransferPicture) -> Image.Image:
    return Image.open(BytesIO(transfer_png(picture))).convert("RGB")


def test_the_picture_fits_a_telephone() -> None:
    assert drawn(PICTURE).size == (1080, 1620)


@pytest.mark.parametrize("width", [1080, 540, 360])
def test_the_code_on_it_is_the_payment_and_scans_small_and_blurred(width: int) -> None:
    small = drawn(PICTURE).resize((width, width * 3 // 2), Image.Resampling.LANCZOS)
    out = BytesIO()
    small.filter(ImageFilter.GaussianBlur(width / 1080)).save(out, "JPEG", quality=60)
    assert read_code(out.getvalue()) == PICTURE.payload


SILENT = [
    replace(PICTURE, heading=""),
    replace(PICTURE, call=""),
    replace(PICTURE, amount=""),
    replace(PICTURE, transfer=()),
    replace(PICTURE, purpose=()),
    replace(PICTURE, valid_until=""),
]


@pytest.mark.parametrize("silent", SILENT)
def test_every_text_is_drawn_and_may_be_left_out(silent: TransferPicture) -> None:
    assert drawn(silent).tobytes() != drawn(PICTURE).tobytes()
    assert read_code(transfer_png(silent)) == PICTURE.payload


@pytest.mark.parametrize(("place", "side"), ROWS)
def test_every_label_and_value_is_drawn(place: int, side: int) -> None:
    rows = [list(row) for row in (*PICTURE.transfer, *PICTURE.purpose)]
    rows[place][side] = ""
    pairs = [(label, value) for label, value in rows]
    silent = replace(PICTURE, transfer=pairs[:4], purpose=pairs[4:])
    assert drawn(silent).tobytes() != drawn(PICTURE).tobytes()


@pytest.mark.parametrize("place", range(6))
def test_the_longest_words_stay_inside_the_card(place: int) -> None:
    rows = [*PICTURE.transfer, *PICTURE.purpose]
    rows[place] = ("Tên người nhận tiền chuyển khoản", LONG)
    picture = drawn(replace(PICTURE, transfer=rows[:4], purpose=rows[4:]))
    plain = drawn(replace(PICTURE, transfer=(), purpose=()))
    for margin in ((0, 1110, 95, 1510), (990, 1110, 1080, 1510)):
        assert picture.crop(margin).tobytes() == plain.crop(margin).tobytes()


def test_a_name_too_long_for_one_line_stands_on_two_and_not_tiny() -> None:
    card = (500, 1120, 980, 1195)
    long = drawn(replace(PICTURE, transfer=(("", LONG), *PICTURE.transfer[1:]))).crop(card)
    inked = long.convert("L").point(lambda v: 255 if v < 128 else 0).getbbox()
    assert inked is not None
    assert inked[3] - inked[1] > 40


def test_accents_typed_apart_look_like_accents_typed_together() -> None:
    assert drawn(replace(PICTURE, heading="Pho\u0302\u0301")) == drawn(
        replace(PICTURE, heading="Phố")
    )


def test_nothing_to_encode_and_letters_without_a_shape_are_refused() -> None:
    with pytest.raises(UnfitPayload):
        transfer_png(replace(PICTURE, payload=""))
    with pytest.raises(UnprintableText, match="🚗"):
        transfer_png(replace(PICTURE, heading="Gửi 🚗"))


def test_the_same_payment_gives_the_same_bytes() -> None:
    assert transfer_png(PICTURE) == transfer_png(replace(PICTURE))
