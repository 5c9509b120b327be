"""The trainer's forward pass: media take part, sampling and scoring agree, positions follow vLLM's rule."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest
import torch
from inspect_by_engine import inspected
from training_help import BUDGET, TINY, Host, black_video, image_row, medium, reversed_video, tiny_rows

from vauto_worker import train
from vauto_worker.positions import grid_positions, row_positions
from vauto_worker.train_samples import order_of_rounds, token_types


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    """Two videos of different length, a text and an image, each with some completion."""
    return mixed_samples(tmp_path_factory.mktemp("image") / "image.png")


def mixed_samples(image: Path) -> list[dict[str, Any]]:
    rows = [*tiny_rows(2, 1), image_row(image)]
    return [row | {"token_ids": list(range(20, 20 + 6 * (place + 1)))} for place, row in enumerate(rows)]


def scores(samples: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return train.logprobs({"model": str(TINY / "model"), "video_budget": BUDGET, "samples": samples}, Host())["items"]


def test_items_name_prompt_tokens_and_grids(samples: list[dict[str, Any]]) -> None:
    items = scores(samples)
    assert [len(item["logprobs"]) for item in items] == [6, 12, 18, 24]
    assert [len(item["visual_grid"]) for item in items] == [1, 1, 0, 1]
    for item in items[:2]:
        time, height, width = item["visual_grid"][0]
        assert item["prompt_token_ids"].count(7) == time * height * width // 4


@pytest.fixture(scope="module")
def altered(samples: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    """The first sample with its own video, with its frames in reverse, and with black ones."""
    folder, (own,) = tmp_path_factory.mktemp("altered"), samples[0]["media"]
    seconds = scores(samples[:1])[0]["visual_grid"][0][0]
    videos = {
        "own": Path(own["path"]),
        "reversed": reversed_video(folder / "reversed.mp4", own["path"]),
        "black": black_video(folder / "black.mp4", seconds),
    }
    return {name: copy.deepcopy(samples[0]) | {"id": name, "media": [medium(path)]} for name, path in videos.items()}


@pytest.mark.parametrize("change", ["reversed", "black"])
def test_other_frames_change_the_log_probs(altered: dict[str, dict[str, Any]], change: str) -> None:
    seen, unseen = scores([altered["own"], altered[change]])
    assert unseen["prompt_token_ids"] == seen["prompt_token_ids"]
    assert max(abs(a - b) for a, b in zip(seen["logprobs"], unseen["logprobs"], strict=True)) > 1e-3


def test_other_frames_change_the_gradients(altered: dict[str, dict[str, Any]], tmp_path: Path) -> None:
    """The same tokens under another video pull projector and language model elsewhere; the vision encoder is frozen."""
    settings = {**train.NEUTRAL, "output_dir": str(tmp_path), "video_budget": BUDGET}
    trainer = train.make_trainer(TINY / "model", settings, Host(), list(altered.values()))
    trained = {name: p for name, p in trainer.model.named_parameters() if p.requires_grad}
    assert any("merger" in name for name in trained)
    assert all("visual" not in name or "merger" in name for name in trained)

    def gradients(name: str) -> dict[str, torch.Tensor]:
        trainer.model.zero_grad()
        trainer.rows = [name]
        completion = altered[name]["token_ids"]
        ids = torch.tensor([[*trainer.samples[name].ids, *completion]])
        logps, *_ = trainer._get_per_token_logps_and_entropies(
            trainer.model, ids, torch.ones_like(ids), len(completion)
        )
        logps.sum().backward()
        return {name: p.grad.clone() for name, p in trained.items()}

    def apart(a: dict[str, torch.Tensor], b: dict[str, torch.Tensor], part: str) -> float:
        names = [name for name in a if part in name]
        whole, other = (torch.cat([g[name].flatten() for name in names]) for g in (a, b))
        return ((whole - other).norm() / whole.norm()).item()

    own = gradients("own")
    for part in ("merger", "language_model"):
        assert apart(own, gradients("own"), part) < 1e-4
        assert apart(own, gradients("reversed"), part) > 0.05
        assert apart(own, gradients("black"), part) > 0.05


def test_sampling_and_scoring_give_the_same_log_probs(samples: list[dict[str, Any]], tmp_path: Path) -> None:
    """One padded batch of video and text rollouts: each decoding step must continue after the video's positions."""
    settings = {**train.NEUTRAL, "output_dir": str(tmp_path), "video_budget": BUDGET, "max_completion_tokens": 16}
    rows = [{**row, "id": str(place)} for place, row in enumerate(samples)]
    trainer = train.make_trainer(TINY / "model", settings, Host(), rows)
    names = [row["id"] for row in rows for _ in range(2)]
    ids, _, fields = trainer._tokenize_prompts(names)
    assert len(fields["pixel_values_videos"]) < fields["video_grid_thw"].prod(-1).sum(), "each video is encoded once"
    longest = max(map(len, ids))
    inputs = torch.tensor([[0] * (longest - len(row)) + row for row in ids])
    mask = torch.tensor([[0] * (longest - len(row)) + [1] * len(row) for row in ids])
    fields["mm_token_type_ids"] = token_types(inputs, trainer.model.config)
    trainer.generation_config.update(output_logits=True, return_dict_in_generate=True)
    fields |= {"input_ids": inputs, "attention_mask": mask}
    out = trainer.model.generate(**fields, generation_config=trainer.generation_config)
    sampled = out.sequences[:, longest:]
    drawn = torch.stack(out.logits, 1).log_softmax(-1).gather(2, sampled.unsqueeze(2)).squeeze(2)
    lengths = [next((i + 1 for i, token in enumerate(row) if token == 2), len(row)) for row in sampled.tolist()]
    completions = [row[:length] for row, length in zip(sampled.tolist(), lengths, strict=True)]
    scored = trainer.completion_logps(names, completions)
    for row, length in enumerate(lengths):
        assert torch.allclose(drawn[row, :length], torch.tensor(scored[row]), atol=1e-4)


def test_the_engine_gives_the_same_log_probs(samples: list[dict[str, Any]], tmp_path: Path) -> None:
    """vLLM, in a process of its own, on the same prompts and tokens."""
    for ours, theirs in zip(scores(samples), inspected(TINY / "model", BUDGET, samples, tmp_path), strict=True):
        assert ours["prompt_token_ids"] == theirs["prompt_token_ids"]
        assert ours["visual_grid"] == theirs["visual_grid"]
        assert ours["media"] == theirs["media"] and theirs["stale"] == []
        assert torch.allclose(torch.tensor(ours["logprobs"]), torch.tensor(theirs["logprobs"]), atol=1e-3)


def test_text_continues_after_the_largest_position_of_a_video() -> None:
    # Two texts, a video of 3 grids of 2×2 tokens with 2 s a grid at 2 tokens a second, two texts.
    kinds = [0, 0] + [2] * 12 + [0, 0]
    placed = row_positions(kinds, iter([]), iter([[3, 4, 4]]), iter([2.0]), merge=2, rate=2)
    assert placed[0].tolist() == [0, 1, *[2] * 4, *[6] * 4, *[10] * 4, 11, 12]
    assert placed[1].tolist() == [0, 1, *[2, 2, 3, 3] * 3, 11, 12]
    assert grid_positions([3, 2, 2], 2, 1.5)[0].tolist() == [0, 1, 3]


def test_the_order_of_prompts_is_seeded_and_repeats_none_within_a_round() -> None:
    order = order_of_rounds(list("abcdefg"), rounds=6, per_round=3, seed=4)
    assert order == order_of_rounds(list("abcdefg"), rounds=6, per_round=3, seed=4)
    assert all(len(set(order[start : start + 3])) == 3 for start in range(0, 18, 3))
    assert order[:6] != order[6:12]
