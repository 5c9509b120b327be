"""The correction within the loss is TRL's own, for completions whose log-probs the engine puts a little elsewhere."""

from __future__ import annotations

import math
from pathlib import Path
from random import Random
from typing import Any

import pytest
import torch
from training_help import BUDGET, TINY, Host, parameters, tiny_rows

from vauto_worker import train, video_grpo
from vauto_worker.importance import importance_ratio

STEP = ("loss", "grad_norm", "logp_gap_mean", "logp_gap_max", "importance_ratio_min", "importance_ratio_mean")


class OtherNumerics(Host):
    """Answers with fixed completions whose log-probs are up to half a nat from those of the untrained model."""

    def __init__(self, rows: list[dict[str, Any]]):
        super().__init__()
        asked = [completion(number, row) for number, row in enumerate(row for row in rows for _ in range(4))]
        samples = [{**row, "token_ids": ids} for row, ids in asked]
        seen = train.logprobs({"model": str(TINY / "model"), "video_budget": BUDGET, "samples": samples}, self)
        random = Random(3)
        self.made: dict[str, list[dict[str, Any]]] = {row["id"]: [] for row in rows}
        for (row, ids), item in zip(asked, seen["items"], strict=True):
            logprobs = [value + random.uniform(-0.5, 0.5) for value in item["logprobs"]]
            self.made[row["id"]].append({"prompt_id": row["id"], "token_ids": ids, "logprobs": logprobs})

    def ask(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        if name == "weights":
            return {}
        if name == "rollouts":
            made = [self.made[asked["prompt_id"]][asked["index"]] for asked in payload["rollouts"]]
            return {"weights_step": payload["step"] - 1, "rollouts": made}
        return super().ask(name, payload)


def completion(number: int, row: dict[str, Any]) -> tuple[dict[str, Any], list[int]]:
    random = Random(number)
    return row, [random.randrange(20, 200) for _ in range(3 + number % 4)]


def steps(folder: Path, made_by: type[OtherNumerics] = OtherNumerics, **changes: Any) -> list[dict[str, Any]]:
    rows = tiny_rows(2, 2)
    host = made_by(rows)
    settings = {"generation": "engine", "steps": 2, "learning_rate": 1e-5} | changes
    train.run(parameters(folder, rows, **settings), host)
    return host.payloads("step")


@pytest.mark.parametrize("mode", ["sequence_mask", "sequence_truncate", "token_truncate", "token_mask"])
def test_loss_and_sizes_are_those_of_trls_own_pass(mode: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    trl = {"vllm_importance_sampling_mode": mode, "vllm_importance_sampling_clip_max": 2.0}
    ours = steps(tmp_path / "ours", trl=trl)
    monkeypatch.setattr(video_grpo, "repeats_the_loss", lambda args: False)
    theirs = steps(tmp_path / "theirs", trl=trl)
    for mine, other in zip(ours, theirs, strict=True):
        assert mine["logp_gap_max"] > 0.4
        assert [mine[name] for name in STEP] == pytest.approx([other[name] for name in STEP], rel=1e-4)


class Forced(OtherNumerics):
    """Every completion was made to begin with its first token, which half of the time would have been another."""

    def __init__(self, rows: list[dict[str, Any]]):
        super().__init__(rows)
        for made in self.made.values():
            for rollout in made:
                rollout["logprobs"][0] = math.log(0.5)
                rollout["forced"] = 1


@pytest.mark.parametrize("repeats", [True, False])
def test_forced_tokens_are_corrected_and_tell_nothing_of_the_engine(
    repeats: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(video_grpo, "repeats_the_loss", lambda args: repeats)
    trl = {"vllm_importance_sampling_mode": "token_truncate", "vllm_importance_sampling_clip_max": 3.0}
    step = steps(tmp_path, Forced, trl=trl, steps=1)[0]
    # Random tokens are unlikely beginnings: their ratio is far below what half a nat could make it.
    assert step["importance_ratio_min"] < 0.01
    assert 0.4 < step["logp_gap_max"] <= 0.5


def test_extremes_are_those_of_all_batches_of_a_step(tmp_path: Path) -> None:
    whole = steps(tmp_path / "whole")
    parts = steps(tmp_path / "parts", trl={"per_device_train_batch_size": 4})
    for name in ("logp_gap_max", "importance_ratio_min", "importance_ratio_max"):
        assert [step[name] for step in parts] == pytest.approx([step[name] for step in whole], rel=1e-4)


def test_rounds_of_several_steps_are_scored_once_for_all_of_them(tmp_path: Path) -> None:
    first, second = steps(tmp_path, prompts_per_step=2, steps_per_round=2)
    assert first["logp_gap_max"] > 0.1
    assert "logp_gap_max" not in second


def test_ratios_outside_the_limits_are_cut_or_masked() -> None:
    difference = torch.tensor([[0.0, 1.0], [-1.0, -1.0]])
    e = torch.e
    cut = importance_ratio(difference, "token_truncate", None, 2.0)
    assert cut.flatten().tolist() == pytest.approx([1, 2, 1 / e, 1 / e])
    assert importance_ratio(difference, "token_mask", 0.5, None).flatten().tolist() == pytest.approx([1, e, 0, 0])
    assert importance_ratio(difference, "sequence_truncate", 0.2, 2.0).flatten().tolist() == pytest.approx([2, 0.2])
    assert importance_ratio(difference, "sequence_mask", None, None).flatten().tolist() == pytest.approx([e, e**-2])
