"""What a person reads of an answer: wrappers, quotes and white space taken away."""

from __future__ import annotations

import re
import unicodedata

WRAPPER = re.compile(
    r"\\(?:text(?:bf|it|rm|sf|tt|up|normal)?|math(?:rm|bf|it|sf|tt|bb|cal)|bm|mbox|hbox|operatorname\*?|boldsymbol|emph|underline)"
    r"\s*\{([^{}]*)\}"
)
DELIMITERS = (("$$", "$$"), ("$", "$"), ("\\(", "\\)"), ("\\[", "\\]"))
SPACING = re.compile(r"\\[,;:! ]|~|\u200b")
MARKDOWN = re.compile(r"\*\*|__|`")
SPACE = re.compile(r"\s+")
QUOTED = re.compile("^[\"'“”‘’]([^\"'“”‘’]*)[\"'“”‘’]$")
STOP = re.compile(r"(?<=[^.\s])\s*[.。!！]$")


def without_wrappers(text: str) -> str:
    for _ in range(4):
        after = WRAPPER.sub(r"\1", text)
        if after == text:
            break
        text = after
    return text


def without_delimiters(text: str) -> str:
    text = text.strip()
    for _ in range(4):
        inside = inner(text)
        if inside is None:
            break
        text = inside.strip()
    return text


def inner(text: str) -> str | None:
    for opened, closed in DELIMITERS:
        if len(text) > len(opened) + len(closed) and text.startswith(opened) and text.endswith(closed):
            content = text[len(opened) : -len(closed)]
            if opened not in content and closed not in content:
                return content
    return None


def readable(text: str) -> str:
    for _ in range(8):
        after = read_once(text)
        if after == text:
            break
        text = after
    return text


def read_once(text: str) -> str:
    text = without_delimiters(without_wrappers(unicodedata.normalize("NFKC", text)))
    text = SPACE.sub(" ", MARKDOWN.sub("", SPACING.sub(" ", text))).strip()
    return STOP.sub("", QUOTED.sub(r"\1", text)).strip()


def folded(text: str) -> str:
    return readable(text).lower()
