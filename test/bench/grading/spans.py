"""Time spans: seconds of start and end, and their overlap with the gold ones."""

from __future__ import annotations

import re

from plain_text import without_delimiters, without_wrappers

NOISE = re.compile(r"\\(?:left|right|,|;|:|!| )|\*\*|`|[\"“”]")
SPACE = re.compile(r"\s+")
RUN = re.compile(r"\d[\d.,:]*\d|\d")
UNIT = re.compile(r"^\s*(?:(seconds?|secs?|s)|(minutes?|mins?|m))(?![a-z])\.?", re.IGNORECASE)
JOINED = re.compile(r"^[\s)\]]*(?:to|until|till|through|[-–—−~～→]+>?)[\s\[(]*$", re.IGNORECASE)
BETWEEN = re.compile(r"\bbetween\s*[\[(]?\s*$", re.IGNORECASE)
AND = re.compile(r"^\s*(?:and|&)\s*$", re.IGNORECASE)
START = re.compile(r"\b(?:start|begin)\w*(?:\s+time)?\s*(?:at|is|=|:)?\s*$", re.IGNORECASE)
END = re.compile(r"^[\s,;]*(?:and\s+)?(?:it\s+)?(?:end|finish|stop)\w*(?:\s+time)?\s*(?:at|is|=|:)?\s*$", re.IGNORECASE)
NEGATIVE = re.compile(r"(?:^|[\s\[(,;:])[-–−]$")
CLOCK = re.compile(r"^(?:(\d{1,3}):)?(\d{1,3}):([0-5]?\d(?:\.\d+)?)$")
PLAIN = re.compile(r"^\d{1,15}(?:\.\d+)?$")
GROUPED = re.compile(r"^\d{1,3}(?:,\d{3})+(?:\.\d+)?$")
BRACKETS = re.compile(r"[\[(]([^\[\]()]*)[\])]")
COMMA_SPACE = re.compile(r"[,;]\s")
COMMA = re.compile(r"[,;]")
BETWEEN_COMMAS = re.compile(r"^\s*[,;]\s*$")
TIGHT = re.compile(r"^(\d+\.\d+),(\d+\.\d+)$")

Time = tuple[int, int, float | None]


def parse_span(text: str) -> list[float] | None:
    plain = SPACE.sub(" ", NOISE.sub(" ", without_delimiters(without_wrappers(text))))
    times = times_in(plain)
    for place in range(len(times) - 1):
        if joined(plain, times, place):
            again = joined(plain, times, place + 1)
            return None if again else pair(times[place][2], times[place + 1][2])
    for match in BRACKETS.finditer(plain):
        content = match[1]
        if not any(char.isdigit() for char in content):
            continue
        parts = (COMMA_SPACE if COMMA_SPACE.search(content) else COMMA).split(content.strip())
        return pair(*map(whole_time, parts)) if len(parts) == 2 else None
    return bare_pair(plain, times)


def times_in(text: str) -> list[Time]:
    times = []
    for match in RUN.finditer(text):
        start, behind = match.span()
        if start > 0 and (text[start - 1].isalpha() or text[start - 1] == "_"):
            continue
        unit = UNIT.match(text[behind : behind + 12])
        seconds = seconds_of(match[0])
        if seconds is not None and NEGATIVE.search(text[max(0, start - 2) : start]):
            seconds = None
        scale = 60 if unit and unit[2] else 1
        times.append((start, behind + (unit.end() if unit else 0), None if seconds is None else seconds * scale))
    return times


def seconds_of(text: str) -> float | None:
    clock = CLOCK.match(text)
    if clock:
        return float(clock[1] or 0) * 3600 + float(clock[2]) * 60 + float(clock[3])
    if PLAIN.match(text):
        return float(text)
    return float(text.replace(",", "")) if GROUPED.match(text) else None


def joined(text: str, times: list[Time], place: int) -> bool:
    if place + 1 >= len(times):
        return False
    start, end = times[place][1], times[place + 1][0]
    gap = text[start:end]
    if len(gap) > 40:
        return False
    before = text[max(0, times[place][0] - 24) : times[place][0]]
    if JOINED.match(gap):
        return True
    return bool((BETWEEN.search(before) and AND.match(gap)) or (START.search(before) and END.match(gap)))


def whole_time(part: str) -> float | None:
    text = part.strip()
    times = times_in(text)
    return times[0][2] if len(times) == 1 and times[0][:2] == (0, len(text)) else None


def bare_pair(text: str, times: list[Time]) -> list[float] | None:
    if len(times) == 2:
        return pair(times[0][2], times[1][2]) if BETWEEN_COMMAS.match(text[times[0][1] : times[1][0]]) else None
    tight = TIGHT.match(text.strip()) if len(times) == 1 else None
    return pair(float(tight[1]), float(tight[2])) if tight else None


def pair(start: float | None, end: float | None) -> list[float] | None:
    return None if start is None or end is None else sorted((start, end))


def best_iou(span: list[float], golds: list[list[float]]) -> float:
    return max(iou(span, gold) for gold in golds)


def iou(one: list[float], other: list[float]) -> float:
    overlap = max(0.0, min(one[1], other[1]) - max(one[0], other[0]))
    union = one[1] - one[0] + (other[1] - other[0]) - overlap
    return min(1.0, overlap / union) if union > 0 else 0.0
