"""The early exit: what it reads of a growing text, and what it does inside a real vLLM."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from conftest import LOAD, TINY, RecordingHost, request_of, tiny_rows
from hypothesis import given, settings
from hypothesis import strategies as st

from vauto_worker.early_exit.boxes import confidence_of, exits_at, find_boxes, is_fallback, read_head
from vauto_worker.early_exit.follower import MOST_HEAD_TOKENS, Follower
from vauto_worker.tokens import Detokenizer

CASES = [
    json.loads(line)
    for line in (Path(__file__).parents[2] / "test" / "fixtures" / "grading.jsonl").read_text().splitlines()
]
PIECES = ("\\boxed{", "{", "}", "\\}", "A", " ", "é", "<think>", "</think>", "\\boxed", "12", "\\")


def cases(kind: str) -> list[dict[str, Any]]:
    return [case for case in CASES if case["kind"] == kind]


class TestReading:
    @pytest.mark.parametrize("case", cases("extract"), ids=lambda case: f"row {case['row']}")
    def test_first_answers_are_those_of_the_contract(self, case: dict[str, Any]) -> None:
        boxes = read_head(case.get("prefix", "") + case["completion"]).boxes
        assert (boxes[0].text if len(boxes) == 1 else None) == case["first"]

    @pytest.mark.parametrize("case", cases("route"), ids=lambda case: f"row {case['row']}")
    def test_the_gate_is_that_of_the_contract(self, case: dict[str, Any]) -> None:
        answers = case["first"] is not None and case["first"] != "" and not is_fallback(case["first"])
        logprobs = [math.log(value) for value in case["probabilities"]]
        confidence = confidence_of(0, len(logprobs), range(1, len(logprobs) + 1), logprobs) if answers else None
        assert exits_at(confidence, case["threshold"]) == case["exits"]

    @settings(max_examples=300)
    @given(st.lists(st.sampled_from(PIECES), max_size=12))
    def test_once_settled_a_first_answer_stays(self, pieces: list[str]) -> None:
        """A closed box stays the first answer, unless another one follows before the thinking."""
        text = "".join(pieces)
        whole = read_head(text).boxes
        for end in range(len(text) + 1):
            head = read_head(text[:end])
            if not head.complete and len(head.boxes) == 1 and not head.inside:
                assert head.boxes[0] in whole or any(box.outer_start <= head.boxes[0].outer_start for box in whole)
                break

    def test_cost_is_linear(self) -> None:
        boxes, inside = find_boxes("\\boxed{" * 50_000, 350_000)
        assert (boxes, inside) == ([], True)


@pytest.fixture(scope="module")
def detokenizer() -> Detokenizer:
    from transformers import AutoTokenizer

    return Detokenizer(AutoTokenizer.from_pretrained(TINY / "model"))


def follow(detokenizer: Detokenizer, text: str, logprob: float = -0.01, **options: Any) -> Follower:
    follower = Follower(detokenizer, **{"threshold": 0.9, **options})
    for token in detokenizer.tokenizer.encode(text, add_special_tokens=False):
        follower.push(token, logprob)
        if follower.idle:
            break
    return follower


class TestFollower:
    @pytest.mark.parametrize(
        ("text", "logprob", "reason"),
        [
            ("\\boxed{A}", -0.01, "sure"),
            ("\\boxed{A}", -0.5, "unsure"),
            ("\\boxed{日本é}", -0.01, "sure"),
            ("\\boxed{\\boxed{A}}", -0.01, "sure"),
            ("\\boxed{Let's analyze the problem step by step.}", -0.01, "fallback"),
            ("\\boxed{}", -0.01, "empty"),
            ("no box <think>", -0.01, "no-box"),
            ("\\boxed{ \\boxed{A} <think>", -0.01, "sure"),
        ],
    )
    def test_decides_when_the_first_answer_is_there(
        self, detokenizer: Detokenizer, text: str, logprob: float, reason: str
    ) -> None:
        decision = follow(detokenizer, text, logprob).decision
        assert decision is not None and decision.reason == reason
        assert decision.exited == (reason == "sure")

    def test_not_before_an_outer_box_closes(self, detokenizer: Detokenizer) -> None:
        assert follow(detokenizer, "\\boxed{\\boxed{A}").decision is None

    def test_gives_up_a_text_that_never_boxes(self, detokenizer: Detokenizer) -> None:
        follower = follow(detokenizer, "0 " * MOST_HEAD_TOKENS)
        assert follower.idle and follower.decision is not None and follower.decision.reason == "no-box"

    def test_without_log_probs_there_is_no_exit(self, detokenizer: Detokenizer) -> None:
        follower = Follower(detokenizer, 0.1)
        for token in detokenizer.tokenizer.encode("\\boxed{A}", add_special_tokens=False):
            follower.push(token, None)
        assert follower.decision is not None and follower.decision.reason == "unknown"

    @pytest.mark.parametrize("budget", [0, 1, 7])
    def test_a_spent_budget_forces_the_answer(self, detokenizer: Detokenizer, budget: int) -> None:
        follower = follow(detokenizer, "\\boxed{A}<think>", -0.5, think_budget=budget)
        for _ in range(budget):
            assert not follower.forced
            follower.push(5, -0.1)
        assert detokenizer.plain(follower.forced) == "</think>\\boxed{"
        while follower.forced:
            follower.push(follower.forced[0], None)
        assert follower.idle

    def test_thinking_that_ends_in_time_is_left_alone(self, detokenizer: Detokenizer) -> None:
        follower = follow(detokenizer, "\\boxed{A}<think>x</think>", -0.5, think_budget=9)
        assert follower.idle and not follower.forced


def generate(engine: Any, rows: list[dict[str, Any]], **changes: Any) -> dict[int, dict[str, Any]]:
    host = RecordingHost()
    requests = [request_of(place, row, **{"temperature": 0.0, **changes}) for place, row in enumerate(rows)]
    engine.generate({"requests": requests}, host)
    assert host.of("failed") == []
    return {event["id"]: event for event in host.of("rollout")}


def first_confidence(event: dict[str, Any]) -> float | None:
    """From what the engine returned, as TypeScript computes it."""
    boxes = read_head(event["text"]).boxes
    if len(boxes) != 1 or not boxes[0].text or is_fallback(boxes[0].text):
        return None
    return confidence_of(boxes[0].start, boxes[0].end, event["token_ends"], event["logprobs"])


ROWS = [row for name in ("perception", "reasoning", "grounding") for row in tiny_rows(name)[:24]]


def assert_same(full: dict[int, dict[str, Any]], early: dict[int, dict[str, Any]], threshold: float) -> int:
    """Every decision is that of the full trace; what stopped is its beginning and one end token. Counts the exits."""
    for place, event in early.items():
        whole, decision = full[place], event["exit"]
        confidence = first_confidence(whole)
        assert decision["exited"] == exits_at(confidence, threshold)
        if decision["exited"]:
            assert decision["confidence"] == pytest.approx(confidence, abs=1e-4)
            assert first_confidence(event) == pytest.approx(confidence, abs=1e-4)
            assert event["text"] == whole["text"][: len(event["text"])] and event["text"].endswith("}")
            assert event["token_ids"][:-1] == whole["token_ids"][: len(event["token_ids"]) - 1]
        else:
            assert event["token_ids"] == whole["token_ids"]
    return sum(event["exit"]["exited"] for event in early.values())


class TestInTheEngine:
    @pytest.mark.parametrize("threshold", [0.98, 0.3, 1e-6])
    def test_decides_as_one_would_afterwards(self, engine: Any, threshold: float) -> None:
        exits = assert_same(generate(engine, ROWS), generate(engine, ROWS, exit_threshold=threshold), threshold)
        assert exits > 5

    def test_sampled_rollouts_of_one_prompt_decide_by_themselves(self, engine: Any) -> None:
        rows = [row for row in ROWS[:12] for _ in range(4)]
        full = generate(engine, rows, temperature=1.0)
        early = generate(engine, rows, temperature=1.0, exit_threshold=0.5)
        assert 0 < assert_same(full, early, 0.5) < len(rows)

    def test_requests_with_and_without_it_share_a_batch(self, engine: Any) -> None:
        full, host = generate(engine, ROWS[:16]), RecordingHost()
        requests = [
            request_of(place, row, temperature=0.0, **({"exit_threshold": 1e-6} if place % 2 else {}))
            for place, row in enumerate(ROWS[:16])
        ]
        engine.generate({"requests": requests}, host)
        for event in host.of("rollout"):
            assert ("exit" in event) == bool(event["id"] % 2)
            if "exit" not in event:
                assert event["token_ids"] == full[event["id"]]["token_ids"]

    def test_a_thinking_budget_ends_the_thinking_and_brings_an_answer(self, engine: Any) -> None:
        free = generate(engine, ROWS)
        bound = generate(engine, ROWS, think_budget=6)
        for place, event in bound.items():
            thought = event["text"].partition("<think>")[2].partition("</think>")[0]
            assert event["text"].count("</think>\\boxed{") == 1 and event["text"].endswith("}")
            assert free[place]["text"].startswith(event["text"].partition("</think>")[0])
            assert len(thought) <= len(free[place]["text"])
        assert sum(len(event["token_ids"]) for event in bound.values()) < sum(
            len(event["token_ids"]) for event in free.values()
        )

    def test_exit_and_budget_together(self, engine: Any) -> None:
        both = generate(engine, ROWS, exit_threshold=0.98, think_budget=6)
        for event in both.values():
            assert event["exit"]["exited"] == ("<think>" not in event["text"])

    @pytest.mark.parametrize("changes", [{"exit_threshold": 0.0}, {"exit_threshold": 1.5}, {"think_budget": -1}])
    def test_what_cannot_be_done_is_said(self, engine: Any, changes: dict[str, Any]) -> None:
        host = RecordingHost()
        engine.generate({"requests": [request_of(0, ROWS[0], **changes)]}, host)
        (failure,) = host.of("failed")
        assert "vauto_" in failure["message"]


@pytest.fixture
def tight(engine: Any) -> Iterator[Any]:
    """An engine whose memory is too small for its requests, which are therefore preempted and come back."""
    small = {"num_gpu_blocks_override": 16, "max_num_seqs": 32, "block_size": 32, "max_model_len": 128}
    engine.load({**LOAD, "engine_args": small}, RecordingHost())
    yield engine
    engine.load(LOAD, RecordingHost())


def test_preempted_requests_decide_the_same(tight: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from vauto_worker.early_exit.processor import EarlyExit

    back = []
    unpark = EarlyExit._unpark
    monkeypatch.setattr(
        EarlyExit, "_unpark", lambda self, *given: (found := unpark(self, *given)) and (back.append(1) or found)
    )
    rows = [{"question": f"How many seconds show a circle? {place}"} for place in range(32)]
    full = generate(tight, rows)
    early = generate(tight, rows, exit_threshold=0.5)
    assert_same(full, early, 0.5)
    assert back, "nothing was preempted in the middle of its first answer"
