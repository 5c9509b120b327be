"""Equality of mathematical answers by math-verify (hedged, small)."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

MAX_LENGTH = 2000


def verify(params: dict[str, Any], host: Any) -> dict[str, Any]:
    seconds = max(1, int(params["timeout_seconds"]))
    return {"results": [compare(item["gold"], item["answer"], seconds) for item in params["items"]]}


@lru_cache(maxsize=100_000)
def compare(gold: str, answer: str, seconds: int) -> dict[str, Any]:
    from math_verify import parse
    from math_verify import verify as equal
    from math_verify.errors import TimeoutException

    if len(answer) > MAX_LENGTH or re.search(r"\^[^ ]*\^[^ ]*\^", answer):
        return {"equal": None, "state": "error", "normalised": None}
    try:
        gold_form = parse(f"${gold}$", parsing_timeout=seconds)
        answer_form = parse(f"${answer}$", parsing_timeout=seconds)
        if not answer_form:
            return {"equal": False, "state": "unparsed", "normalised": None}
        return {
            "equal": bool(equal(gold_form, answer_form, timeout_seconds=seconds)),
            "state": "graded",
            "normalised": str(answer_form[0]),
        }
    except TimeoutException:
        return {"equal": None, "state": "timeout", "normalised": None}
    except Exception as error:  # noqa: BLE001 - one bad answer must not fail its batch
        return {"equal": None, "state": "error", "normalised": str(error)[:200]}
