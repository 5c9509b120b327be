"""math_zygote.py whose answers can do what no answer should: `python -m spiteful_zygote FD`."""

from __future__ import annotations

import ctypes
import os
from typing import Any

from vauto_worker import math_compare
from vauto_worker.math_zygote import main


def compare(gold: str, answer: str) -> dict[str, Any]:
    if answer == "loop":
        while True:
            pass
    if answer == "crash":
        ctypes.string_at(0)
    if answer == "leave":
        os._exit(3)
    if answer == "swallow":
        # As sympy does: the exhausted memory is taken for "not equal".
        kept = []
        try:
            while True:
                kept.append(bytearray(2**20))
        except MemoryError:
            kept.clear()
    return math_compare.compare(gold, answer)


if __name__ == "__main__":
    main(compare)
