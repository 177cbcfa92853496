"""`parking cards`: new cards numbered on, old ones printed again, the same bytes each time."""

from __future__ import annotations

from pathlib import Path

import pypdfium2
import pytest
import zxingcpp

from tests.cli.conftest import Parking


def codes(path: Path) -> list[str]:
    """What the codes of a file say after the host, without their seals, page by page."""
    found = []
    with pypdfium2.PdfDocument(path.read_bytes()) as document:
        for page in (document[place] for place in range(len(document))):
            picture = page.render(scale=100 / 72).to_pil()
            found += sorted(code.text for code in zxingcpp.read_barcodes(picture))
    return [text.partition("/c/")[2].rpartition("/")[0] for text in found]


def test_new_cards_are_numbered_on_and_old_ones_printed_again(
    seeded: Parking, tmp_path: Path
) -> None:
    new, more, again = tmp_path / "new.pdf", tmp_path / "more.pdf", tmp_path / "again.pdf"
    assert seeded("cards", "--lot", "hk01", "--count", "12", "--out", str(new)).code == 0
    assert sorted(codes(new)) == sorted(f"HK01/{n}" for n in range(1, 13))
    said = seeded("cards", "--lot", "HK01", "--count", "1", "--out", str(more))
    assert said.err.startswith("Bãi HK01: thẻ từ #0013 đến #0013. / Lot HK01: cards #0013")
    assert (
        seeded("cards", "--lot", "HK01", "--from", "1", "--to", "12", "--out", str(again)).code == 0
    )
    assert again.read_bytes() == new.read_bytes()


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        ((), 2, "--count"),
        (("--count", "1", "--from", "1"), 2, "--count"),
        (("--count", "1", "--from", "1", "--to", "1"), 2, "--count"),
        (("--from", "1"), 2, "--count"),
        (("--count", "0"), 2, "từ 1 đến 500"),
        (("--count", "501"), 2, "từ 1 đến 500"),
        (("--from", "3", "--to", "2"), 2, "từ 3 đến 2"),
        (("--from", "1", "--to", "2"), 1, "chưa có thẻ nào"),
    ],
)
def test_a_wish_that_makes_no_sense_makes_no_card_and_no_file(
    seeded: Parking, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    out = tmp_path / "cards.pdf"
    answer = seeded("cards", "--lot", "HK01", *arguments, "--out", str(out))
    assert (answer.code, out.exists()) == (code, False)
    assert said in answer.err
    assert "#0001" in seeded("cards", "--lot", "HK01", "--count", "1", "--out", str(out)).err


def test_a_lot_nobody_knows_and_a_file_nowhere_are_refused(seeded: Parking, tmp_path: Path) -> None:
    unknown = seeded("cards", "--lot", "XX99", "--count", "1", "--out", str(tmp_path / "x.pdf"))
    assert unknown.code == 1
    assert "XX99" in unknown.err
    nowhere = seeded("cards", "--lot", "HK01", "--count", "1", "--out", str(tmp_path / "no" / "x"))
    assert nowhere.code == 2
    assert "#0001" in nowhere.err
