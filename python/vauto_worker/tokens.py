"""Token ids to text with the place of each token in it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any


@dataclass(frozen=True)
class TokenText:
    """A completion's text and the end of each token in it, in UTF-16 code units (JavaScript's string index).

    Token i covers [ends[i-1] or 0, ends[i]). A special token covers nothing; of the tokens that share one character,
    the last covers it.
    """

    text: str
    ends: list[int]


class Detokenizer:
    """Decodes completions of one tokenizer, special tokens left out."""

    def __init__(self, tokenizer: Any):
        self.tokenizer = tokenizer
        self.special = frozenset(tokenizer.all_special_ids)
        backend = getattr(tokenizer, "backend_tokenizer", None)
        self.byte_level = backend is not None and is_byte_level(backend)
        self.token_bytes = lru_cache(maxsize=None)(self.bytes_of)

    def decode(self, token_ids: list[int]) -> TokenText:
        """Text and ends; the text equals the tokenizer's own `decode(…, skip_special_tokens=True)`."""
        if self.byte_level:
            decoded = self.decode_bytes(token_ids)
            if decoded.text == self.plain(token_ids):
                return decoded
        return self.decode_prefixes(token_ids)

    def plain(self, token_ids: list[int]) -> str:
        return self.tokenizer.decode(token_ids, skip_special_tokens=True, clean_up_tokenization_spaces=False)

    def decode_bytes(self, token_ids: list[int]) -> TokenText:
        """Exact for byte-level BPE: the text is the concatenated bytes read as UTF-8."""
        data = b"".join(self.token_bytes(token) for token in token_ids)
        units = units_before(data)
        ends, position = [], 0
        for token in token_ids:
            position += len(self.token_bytes(token))
            ends.append(units[position])
        return TokenText(data.decode("utf-8", errors="replace"), ends)

    def bytes_of(self, token: int) -> bytes:
        if token in self.special:
            return b""
        piece = self.tokenizer.convert_ids_to_tokens(token)
        if piece is None:
            return b""
        # A piece with a character outside the byte alphabet is an added token: literal text.
        if all(character in BYTE_OF for character in piece):
            return bytes(BYTE_OF[character] for character in piece)
        return piece.encode()

    def decode_prefixes(self, token_ids: list[int]) -> TokenText:
        """For any other tokenizer: how far the text is settled after each token, by decoding ever longer beginnings."""
        full = self.plain(token_ids)
        ends, settled = [], 0
        for count in range(1, len(token_ids) + 1):
            beginning = self.plain(token_ids[:count])
            if not beginning.endswith("\ufffd") and full.startswith(beginning):
                settled = max(settled, utf16_length(beginning))
            ends.append(settled)
        if ends:
            ends[-1] = utf16_length(full)
        return TokenText(full, ends)


def units_before(data: bytes) -> list[int]:
    """For each byte position: UTF-16 code units of the characters complete by then (a run of invalid bytes is one)."""
    units, position, count = [0] * (len(data) + 1), 0, 0
    while position < len(data):
        length, width = character_at(data, position)
        for inside in range(position + 1, position + length):
            units[inside] = count
        position, count = position + length, count + width
        units[position] = count
    return units


def character_at(data: bytes, position: int) -> tuple[int, int]:
    """Bytes of the character that begins there and its UTF-16 code units; what is not UTF-8 becomes one U+FFFD."""
    lead = data[position]
    length = 1 if lead < 0x80 else 2 if lead < 0xE0 else 3 if lead < 0xF0 else 4
    try:
        data[position : position + length].decode()
        return length, 2 if length == 4 else 1
    except UnicodeDecodeError as error:
        # `end` delimits the longest invalid run that decoders replace by a single U+FFFD.
        return error.end - error.start, 1


def utf16_length(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2


def is_byte_level(backend: Any) -> bool:
    from tokenizers import decoders

    decoder = backend.decoder
    return isinstance(decoder, decoders.ByteLevel)


def byte_alphabet() -> dict[str, int]:
    """GPT-2's printable stand-in for each byte, the alphabet of byte-level BPE."""
    printable = [*range(ord("!"), ord("~") + 1), *range(ord("¡"), ord("¬") + 1), *range(ord("®"), ord("ÿ") + 1)]
    alphabet = {chr(byte): byte for byte in printable}
    hidden = (byte for byte in range(256) if byte not in set(printable))
    alphabet.update({chr(256 + place): byte for place, byte in enumerate(hidden)})
    return alphabet


BYTE_OF = byte_alphabet()
