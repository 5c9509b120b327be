"""The tiny model's evaluation: what is right, which tokens make the confidence, padding that changes nothing."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
import torch

from vauto_worker.toy import evaluate

TINY = Path(__file__).parents[2] / "recipes" / "tiny"
MATH = {"id": "m", "problem_type": "math", "answer": "7"}


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ("[1.0, 3.0]", 1.0),
        ("[1.0, 2.0]", 0.5),
        ("[0.0, 4.0]", 0.5),
        ("[3.0, 4.0]", 0.0),
        ("[3.0, 1.0]", 0.0),
        ("1.0, 3.0", 0.0),
        ("", 0.0),
    ],
)
def test_overlap_of_spans(answer: str, value: float) -> None:
    assert evaluate.overlap(answer, [1.0, 3.0]) == pytest.approx(value)


def test_a_choice_with_a_span_needs_the_letter() -> None:
    row = {"problem_type": "gqa", "answer": {"answer": "B", "segment": [1.0, 3.0]}}
    assert evaluate.value_of(row, "B <> [1.0, 3.0]") == 1.0
    assert evaluate.value_of(row, "A <> [1.0, 3.0]") == 0.0
    assert evaluate.value_of(row, "B") == 0.0


def test_confidence_is_of_the_first_box_alone() -> None:
    pieces = ["\\boxed", "{1", "2", "}", "<think>", "x", "</think>", "\\boxed", "{7", "}"]
    logprobs = [-9.0, -0.1, -0.3, -9.0, -9.0, -9.0, -9.0, -9.0, -9.0, -9.0]
    scored = evaluate.score(MATH, pieces, logprobs)
    assert scored.confidence == pytest.approx(math.exp(-0.2))
    assert (scored.first, scored.second, scored.form) == (0.0, 1.0, True)
    assert (scored.first_tokens, scored.tokens) == (4, 10)


def test_a_closing_brace_merged_with_what_it_closes_counts() -> None:
    scored = evaluate.score(MATH, ["\\boxed", "{", "7", ".}", "<think>"], [-9.0, -9.0, -0.2, -0.4, -9.0])
    assert scored.confidence == pytest.approx(math.exp(-0.3))
    assert (scored.first_tokens, scored.form) == (4, False)


@pytest.mark.parametrize("text", ["\\boxed{Let's analyze the problem step by step.}", "\\boxed{}", "nothing"])
def test_no_confidence_without_an_answer(text: str) -> None:
    assert evaluate.score(MATH, list(text), [-0.1] * len(text)).confidence is None


def test_an_exit_takes_the_first_answer_and_its_tokens() -> None:
    right_first = evaluate.Scored(MATH, "", 1.0, 0.0, True, False, 0.99, 4, 20)
    right_second = evaluate.Scored(MATH, "", 0.0, 1.0, True, False, 0.50, 4, 20)
    summary = evaluate.summary([right_first, right_second], 0.97)
    assert (summary["a1"], summary["a2"], summary["auto"]) == (0.5, 0.5, 1.0)
    assert (summary["think"], summary["auto_tokens"]) == (0.5, 12.0)


def test_shipped_model_answers_alike_alone_and_in_a_padded_batch() -> None:
    torch.set_num_threads(1)
    model, data = TINY / "model", TINY / "data"
    together = evaluate.evaluate(model, data, limit=2, batch=18)["greedy"]
    alone = evaluate.evaluate(model, data, limit=2, batch=1)["greedy"]
    assert len(together) == 18
    assert [item.text for item in together] == [item.text for item in alone]
    for one, other in zip(together, alone, strict=True):
        assert one.confidence == pytest.approx(other.confidence, abs=1e-4)
    assert sum(item.form for item in together) >= 16
