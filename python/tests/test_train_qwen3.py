"""Qwen3-VL, whose videos have their times in the prompt: trained, and seen by vLLM as by the trainer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from inspect_by_engine import inspected
from test_train_logprobs import mixed_samples
from tiny_qwen3 import BUDGET, write_model
from training_help import Host, parameters, weights

from vauto_worker import train


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_model(tmp_path_factory.mktemp("qwen3") / "model")


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return mixed_samples(tmp_path_factory.mktemp("image") / "image.png")


@pytest.fixture(scope="module")
def trained(model: Path, samples: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Host]:
    """Two steps on two videos, an image and a text in one batch."""
    rows = [{name: value for name, value in row.items() if name != "token_ids"} for row in samples]
    folder, host = tmp_path_factory.mktemp("trained"), Host()
    given = parameters(folder, rows, model=str(model), video_budget=BUDGET, steps=2, prompts_per_step=len(rows))
    train.run(given, host)
    return folder / "policy", host


def test_a_batch_of_videos_image_and_text_trains(model: Path, trained: tuple[Path, Host]) -> None:
    steps = trained[1].payloads("step")
    assert [step["step"] for step in steps] == [1, 2]
    assert all(step["grad_norm"] > 0 for step in steps)
    before, after = weights(model), weights(trained[0])
    changed = {name for name in before if not torch.equal(before[name], after[name])}
    assert any("visual.merger" in name for name in changed) and any("deepstack_merger" in name for name in changed)
    assert any("language_model" in name for name in changed)
    assert [name for name in changed if "visual" in name and "merger" not in name] == []


def test_engine_and_trainer_agree_after_a_hand_over(
    model: Path, trained: tuple[Path, Host], samples: list[dict[str, Any]], tmp_path: Path
) -> None:
    """vLLM, in a process of its own, on the same prompts and tokens."""
    policy, _ = trained
    ours = train.logprobs({"model": str(policy), "video_budget": BUDGET, "samples": samples}, Host())["items"]
    theirs = inspected(model, BUDGET, samples, tmp_path, policy)
    for own, other in zip(ours, theirs, strict=True):
        assert own["prompt_token_ids"] == other["prompt_token_ids"]
        assert own["visual_grid"] == other["visual_grid"]
        assert own["media"] == other["media"]
        assert other["stale"] == []
        assert torch.allclose(torch.tensor(own["logprobs"]), torch.tensor(other["logprobs"]), atol=1e-3)
    video = ours[0]["media"][0]
    assert len(video["frames"]) == 2 * len(video["times"]) and video["seconds"] is None
