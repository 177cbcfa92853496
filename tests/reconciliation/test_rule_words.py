"""Pure: what a rule's words find in the text of a bank."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from payments.codes import code_for, refund_code
from payments.narratives import plain
from reconciliation.rules.words import folded, names_us, phrases_of, says, tidy, too_short

WORDS = st.lists(
    st.text(st.sampled_from("ABĐÊÔƯĂ29xyzđê"), min_size=3, max_size=8), min_size=1, max_size=4
)
NOISE = st.text(st.sampled_from(" -./:_"), min_size=1, max_size=3)


@given(words=WORDS, noise=NOISE, before=st.text(max_size=10), after=st.text(max_size=10))
def test_what_a_bank_does_to_words_does_not_hide_them(
    words: list[str], noise: str, before: str, after: str
) -> None:
    told = f"{before} {noise.join(plain(word).swapcase() for word in words)} {after}"
    assert says(told, phrases_of(" ".join(words)))


@given(text=st.text(max_size=40))
def test_folding_twice_is_folding_once(text: str) -> None:
    assert folded(folded(text)) == folded(text)


@given(first=WORDS, second=WORDS)
def test_every_phrase_must_be_found(first: list[str], second: list[str]) -> None:
    both = f"{' '.join(first)}; {' '.join(second)}"
    assert says(f"{' '.join(second)} | {' '.join(first)}", phrases_of(both))
    assert says(" ".join(first), phrases_of(both)) == says(
        " ".join(first), phrases_of(" ".join(second))
    )


def test_a_phrase_is_found_as_whole_words_in_their_order() -> None:
    assert says("EVN HANOI thu tiền điện T11/2026", phrases_of("Tien Dien"))
    assert not says("CLAIM 12", phrases_of("lai"))
    assert not says("dien tien", phrases_of("tien dien"))


def test_no_pattern_means_more_than_its_letters() -> None:
    assert not says("RENT", phrases_of("R.NT"))
    assert not says("anything at all", phrases_of(".*abc"))


def test_words_that_say_too_little_are_no_rule() -> None:
    assert too_short("")
    assert too_short(" ; - ; ")
    assert too_short("phi ; x")
    assert too_short("rent; a b")
    assert not too_short("phí ; .*")
    assert tidy(" phí   duy trì ;; .* ; SMS") == "phí duy trì; SMS"


@given(number=st.integers(1, 10**9), before=st.text(max_size=12), after=st.text(max_size=12))
def test_our_codes_are_seen_however_they_are_wrapped(number: int, before: str, after: str) -> None:
    assert names_us(f"{before} {code_for(number)} {after}".lower())
    assert names_us(f"{before}{refund_code(number)[:6]}-{refund_code(number)[6:]} {after}")
