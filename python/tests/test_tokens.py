"""Where each token ends in the text, against the tokenizer's own decoding."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vauto_worker.tokens import Detokenizer, utf16_length

MODEL = Path(__file__).resolve().parents[2] / "recipes" / "tiny" / "model"


@pytest.fixture(scope="module")
def detokenizer() -> Detokenizer:
    from transformers import AutoTokenizer

    return Detokenizer(AutoTokenizer.from_pretrained(MODEL))


def units(text: str, start: int, end: int) -> str:
    return text.encode("utf-16-le")[2 * start : 2 * end].decode("utf-16-le", errors="surrogatepass")


def test_characters_of_several_tokens_belong_to_the_last(detokenizer):
    text = "é 😀 日本 \\boxed{A}<think>x</think>"
    ids = detokenizer.tokenizer.encode(text, add_special_tokens=False)
    decoded = detokenizer.decode(ids)
    assert detokenizer.byte_level and decoded.text == text
    assert decoded.ends == sorted(decoded.ends) and decoded.ends[-1] == utf16_length(text)
    assert len(ids) > len(set(decoded.ends)), "some token covers nothing, since its character goes on"
    assert units(text, 2, 4) + units(text, 4, 5) == "😀 "


def test_special_tokens_cover_nothing(detokenizer):
    end = detokenizer.tokenizer.convert_tokens_to_ids("<|im_end|>")
    ids = [*detokenizer.tokenizer.encode("ab", add_special_tokens=False), end]
    decoded = detokenizer.decode(ids)
    assert decoded.text == "ab" and decoded.ends[-2:] == [2, 2]


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_any_tokens_decode_as_the_tokenizer_does(detokenizer, data):
    ids = data.draw(st.lists(st.integers(0, len(detokenizer.tokenizer) - 1), max_size=40))
    decoded = detokenizer.decode_bytes(ids)
    assert decoded.text == detokenizer.plain(ids)
    assert len(decoded.ends) == len(ids) and decoded.ends == sorted(decoded.ends)
    assert not ids or decoded.ends[-1] == utf16_length(decoded.text)


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=30))
def test_both_ways_agree_on_valid_text(detokenizer, text):
    ids = detokenizer.tokenizer.encode(text, add_special_tokens=False)
    assert detokenizer.decode_bytes(ids) == detokenizer.decode_prefixes(ids)
