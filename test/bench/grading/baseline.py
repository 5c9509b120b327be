"""The same reading and comparing as one would write it in Python: reads a file of rows, prints seconds and verdicts.

`baseline.py ROWS.json`: {kind, options, rows: [{gold, completion}]}, kind `choice`, `interval` or `math`. The rules are
those of docs/grading.md, one by one and without shortcuts; one process, no memo, a warm-up of 20 rows is not counted.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable

from answers import boxes, format_point, is_fallback, layout
from choices import read_choice
from spans import best_iou, parse_span


def choice(gold: str, answer: str, options: list[str]) -> float:
    given = read_choice(answer, options)
    return float(given is not None and given == read_choice(gold, options))


def interval(gold: list[float], answer: str, _options: list[str]) -> float:
    span = parse_span(answer)
    return 0.0 if span is None else best_iou(span, [gold])


def math(gold: str, answer: str, _options: list[str]) -> float:
    from math_verify import parse, verify

    return float(verify(parse(f"${gold}$"), parse(f"${answer}$")))


def grade(row: dict, compare: Callable, options: list[str]) -> tuple[float | None, float | None, int]:
    parts = layout(row["completion"])
    found = [boxes(parts.text, 0, parts.head_end)]
    found.append([] if parts.tail_start is None else boxes(parts.text, parts.tail_start, len(parts.text)))
    first, second = (list_[0] if len(list_) == 1 else None for list_ in found)
    values = [
        None
        if box is None
        else 0.0
        if not box.text or is_fallback(box.text)
        else compare(row["gold"], box.text, options)
        for box in (first, second)
    ]
    return values[0], values[1], format_point(parts, first, second)


def main() -> None:
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    compare = {"choice": choice, "interval": interval, "math": math}[job["kind"]]
    options = job["options"]
    for row in job["rows"][:20]:
        grade(row, compare, options)
    started = time.perf_counter()
    verdicts = [grade(row, compare, options) for row in job["rows"]]
    print(json.dumps({"seconds": time.perf_counter() - started, "verdicts": verdicts}))


if __name__ == "__main__":
    main()
