"""The letter that an answer chooses."""

from __future__ import annotations

import re

from plain_text import folded, readable

LEAD_IN = re.compile(
    r"^(?:(?:so|therefore|thus),?\s+)?(?:(?:the|my)\s+)?(?:(?:final|best|correct|right|most likely)\s+)*"
    r"(?:answer|option|choice)\b\s*(?:is\b)?\s*[:=-]?\s*(?=\S)",
    re.IGNORECASE,
)
LONE = re.compile(r"^[(\[{]?\s*([A-Za-z])\s*[)\]}]?\s*[.:,;]?$")
LABELLED = re.compile(
    r"^(?:[(\[{]\s*([A-Z])\s*[)\]}]\s*[.:,;-]?|([A-Z])\s*[)\]}.:,;]|([A-Z])\s+[-–—])\s*(\S.*)$", re.DOTALL
)
REASONED = re.compile(
    r"^([A-Z]),?\s+(?:because|since|as it|is\s+(?:the\s+)?(?:correct|right|best|answer)\b)(.*)$",
    re.DOTALL | re.IGNORECASE,
)
LOOSE = re.compile(r"^(?:([A-Z])\s|\(?([a-z])[).:])\s*(\S.*)$", re.DOTALL)
CAPITAL = re.compile(r"(?<![\w'’.-])([A-Z])(?![\w'’-])")


def read_choice(text: str, options: list[str]) -> str | None:
    plain = readable(text)
    answer = plain
    for _ in range(2):
        answer = LEAD_IN.sub("", answer)
    answer = readable(answer)
    lone = LONE.match(answer)
    if lone:
        return in_range(lone[1], options)
    return by_text(plain, options) or by_text(answer, options) or labelled(answer, options)


def by_text(text: str, options: list[str]) -> str | None:
    wanted = text.lower()
    places = [place for place, option in enumerate(options) if folded(option) == wanted]
    return letter_at(places[0]) if len(places) == 1 else None


def labelled(answer: str, options: list[str]) -> str | None:
    match = LABELLED.match(answer)
    if match:
        letter = in_range(match[1] or match[2] or match[3], options)
        return letter if letter and agrees(letter, match[4], options) else None
    reasoned = REASONED.match(answer)
    if reasoned:
        letter = in_range(reasoned[1], options)
        return letter if letter and agrees(letter, reasoned[2], options) else None
    loose = LOOSE.match(answer)
    if loose is None:
        return None
    letter = (loose[1] or loose[2]).upper()
    return letter if by_text(readable(loose[3]), options) == letter else None


def agrees(letter: str, rest: str, options: list[str]) -> bool:
    text = readable(rest)
    other = by_text(text, options)
    if other is not None:
        return other == letter
    if any(letter_at(place) == letter and folded(option) == text.lower() for place, option in enumerate(options)):
        return True
    return all(found == letter or in_range(found, options) is None for found in CAPITAL.findall(text))


def in_range(letter: str, options: list[str]) -> str | None:
    upper = letter.upper()
    if not "A" <= upper <= "Z":
        return None
    return upper if not options or upper <= letter_at(len(options) - 1) else None


def letter_at(place: int) -> str:
    return chr(ord("A") + place)
