"""Equality of two mathematical answers by math-verify, in the process that calls. math_pool.py keeps it killable.

The texts are LaTeX without delimiters, as orchestrator/grading/math.ts prepares them: units, percent signs and prose
are gone. Checked before anything is evaluated: the length, and how large its numbers could become (`9^{9^{9}}`).

Imports are absolute: inside this package the name math_verify still means the library.
"""

from __future__ import annotations

import logging
import resource
from functools import lru_cache
from pathlib import Path
from typing import Any

_MOST_CHARACTERS = 2000
# Numbers of more bits than this are not computed: 2^20000 has 6,000 digits, and an answer has not.
_MOST_BITS = 20_000.0
_MOST_NODES = 2_000
# So near to its limit, memory has run out before.
_HEADROOM = 16 * 2**20
# A decimal for a number that has no end ("6.2832" for 2π) may be off by this much of it.
_IRRATIONAL_TOLERANCE = 1e-4
# math-verify rounds to six decimals, which makes all tiny numbers equal: beyond this relative difference none are.
_LARGEST_DIFFERENCE = 1e-3
_FACTORIALS = {"factorial", "factorial2", "subfactorial", "RisingFactorial", "FallingFactorial", "gamma"}


class _TooLarge(Exception):
    """Evaluating the expression could take for ever."""


def compare(gold: str, answer: str) -> dict[str, Any]:
    """`{equal, state, normalised}`: graded; unparsed (cannot be read: not equal); error (`equal` is None)."""
    if len(gold) + len(answer) > _MOST_CHARACTERS:
        return result(None, "error", "too long")
    try:
        given = _parse(answer)
        if given is None:
            return _out_of_memory() or result(False, "unparsed", None)
        _check_size(given)
        normalised = str(given)[:200]
        wanted = _parse(gold)
        if wanted is None:
            return result(None, "error", "the gold answer cannot be read")
        _check_size(wanted)
        equal = _equal(wanted, given)
        return (None if equal else _out_of_memory()) or result(equal, "graded", normalised)
    except _TooLarge:
        return result(None, "error", "a number in it is too large")
    except (Exception, RecursionError) as error:  # one bad answer must not fail its batch
        return result(None, "error", f"{type(error).__name__}: {error}"[:200])


def _out_of_memory() -> dict[str, Any] | None:
    """math-verify and sympy swallow a MemoryError on their way; a failed grader is not a wrong answer."""
    return result(None, "error", "out of memory") if memory_is_short() else None


def memory_is_short() -> bool:
    """Whether this process once came near to the limit of its address space."""
    limit, _ = resource.getrlimit(resource.RLIMIT_AS)
    if limit == resource.RLIM_INFINITY:
        return False
    status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
    peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmPeak:"))
    return peak * 1024 > limit - _HEADROOM


def result(equal: bool | None, state: str, normalised: str | None) -> dict[str, Any]:
    return {"equal": equal, "state": state, "normalised": normalised}


def _parse(latex: str) -> Any | None:
    """The expression, or None when the LaTeX as a whole cannot be read."""
    return _parser()(latex)


@lru_cache(maxsize=1)
def _parser() -> Any:
    from math_verify import LatexExtractionConfig, parse

    # Its own time limit is a signal; the pool's deadline replaces it, so its warning is moot.
    logging.getLogger("math_verify").setLevel(logging.ERROR)
    config = [LatexExtractionConfig(boxed_match_priority=-1)]

    def read(latex: str) -> Any | None:
        found = parse(f"${latex}$", config, fallback_mode="no_fallback", parsing_timeout=None)
        return found[0] if found else None

    return read


def _equal(gold: Any, answer: Any) -> bool:
    from math_verify import verify as equal

    decided = _compare_numbers(gold, answer)
    if decided is not None:
        return decided
    return bool(equal(gold, answer, timeout_seconds=None, raise_on_error=True))


def _compare_numbers(gold: Any, answer: Any) -> bool | None:
    """Two real numbers as far as their size tells; None leaves it to math-verify."""
    from sympy import Expr, Float

    if not (isinstance(gold, Expr) and isinstance(answer, Expr) and gold.is_number and answer.is_number):
        return None
    x, y = gold.evalf(20), answer.evalf(20)
    if not (x.is_Float or x.is_Integer or x.is_Rational) or not (y.is_Float or y.is_Integer or y.is_Rational):
        return None
    if x == y:
        return None if gold.has(Float) or answer.has(Float) else True
    difference = abs(x - y) / max(abs(x), abs(y))
    if difference > _LARGEST_DIFFERENCE:
        return False
    decimal, other = (gold, answer) if gold.has(Float) else (answer, gold)
    if decimal.has(Float) and not other.has(Float) and other.is_irrational:
        return bool(difference <= _IRRATIONAL_TOLERANCE)
    return None


def _check_size(expression: Any) -> None:
    nodes = 0

    def bits(node: Any) -> float:
        """Upper estimate of log2 of the absolute value, symbols counting as small."""
        nonlocal nodes
        nodes += 1
        if nodes > _MOST_NODES:
            raise _TooLarge
        size = _bits_of(node, bits)
        if size > _MOST_BITS:
            raise _TooLarge
        return size

    bits(expression)


def _bits_of(node: Any, bits: Any) -> float:
    if getattr(node, "is_Integer", False):
        return float(int(node.p).bit_length())
    if getattr(node, "is_Rational", False):
        return float(max(int(node.p).bit_length(), int(node.q).bit_length()))
    if getattr(node, "is_Float", False):
        return 64.0 + abs(float(node._mpf_[2]) + node._mpf_[3]) if node._mpf_[1] else 64.0
    if hasattr(node, "flat") and hasattr(node, "shape"):  # a matrix
        return max((bits(item) for item in node.flat()), default=0.0)
    sizes = [bits(item) for item in getattr(node, "args", ())]
    if not sizes:
        return 2.0
    if getattr(node, "is_Pow", False):
        return _power_bits(sizes[0], sizes[1])
    if getattr(node, "is_Mul", False):
        return sum(sizes)
    if type(node).__name__ in _FACTORIALS:
        return _power_bits(max(sizes), max(sizes))
    if type(node).__name__ in {"binomial", "exp", "sinh", "cosh"}:
        return _power_bits(2.0, max(sizes))
    return max(sizes) + len(sizes)


def _power_bits(base: float, exponent: float) -> float:
    if exponent > 32:
        raise _TooLarge
    return max(base, 1.0) * 2.0**exponent
