"""`train.run` end to end: what trains, what is reported, what survives a crash."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
import torch
from training_help import TINY, Host, image_row, parameters, tiny_rows, weights

from vauto_worker import train
from vauto_worker.errors import Cancelled, UserFault


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Host]:
    """Four uninterrupted steps on three videos, an image and a text."""
    folder, host = tmp_path_factory.mktemp("trained"), Host()
    result = train.run(parameters(folder, mixed_rows(folder), steps=4), host)
    assert result == {"checkpoint": str(folder / "policy"), "steps": 4, "step": 4}
    return folder, host


def mixed_rows(folder: Path) -> list[dict[str, Any]]:
    return [*tiny_rows(3, 1), image_row(folder / "image.png")]


def test_language_model_and_projector_train_and_the_vision_encoder_stays(trained: tuple[Path, Host]) -> None:
    before, after = weights(TINY / "model"), weights(trained[0] / "policy")
    changed = {name for name in before if not torch.equal(before[name].float(), after[name].float())}
    assert before.keys() == after.keys()
    assert any("language_model" in name or "model.layers" in name for name in changed)
    assert any("visual.merger" in name for name in changed)
    assert [name for name in changed if "visual" in name and "merger" not in name] == []


def test_every_step_is_reported(trained: tuple[Path, Host]) -> None:
    steps = trained[1].payloads("step")
    assert [step["step"] for step in steps] == [1, 2, 3, 4]
    for name in ("loss", "reward_mean", "reward_std", "kl", "grad_norm", "entropy", "clip_ratio", "completion_tokens"):
        assert all(isinstance(step[name], float) for step in steps), name
    for step in steps:
        parts = ("generate", "reward", "score", "forward", "backward", "other")
        assert all(step[f"{part}_seconds"] > 0 for part in parts)
        assert sum(step[f"{part}_seconds"] for part in parts) == pytest.approx(step["seconds"])
        assert step["tokens_per_second"] == pytest.approx(12 * step["completion_tokens"] / step["seconds"], rel=1e-4)
    assert [saved["step"] for saved in trained[1].payloads("saved")] == [2, 4]


def test_rewards_are_asked_for_whole_groups_of_distinct_prompts(trained: tuple[Path, Host]) -> None:
    for number, question in enumerate(trained[1].questions, start=1):
        assert question["step"] == number
        names = [(completion["prompt_id"], completion["index"]) for completion in question["completions"]]
        assert len(set(names)) == 12 and {index for _, index in names} == {0, 1, 2, 3}
        assert all(c["truncated"] != (c["token_ids"][-1] == 2) for c in question["completions"])


def test_the_policy_is_a_plain_model_folder(trained: tuple[Path, Host]) -> None:
    from transformers import AutoModelForImageTextToText, AutoProcessor

    policy = trained[0] / "policy"
    AutoProcessor.from_pretrained(policy)
    AutoModelForImageTextToText.from_pretrained(policy)
    for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "processor_config.json"):
        assert (policy / name).read_bytes() == (TINY / "model" / name).read_bytes()


def test_a_crashed_training_continues_to_the_same_weights(trained: tuple[Path, Host], tmp_path: Path) -> None:
    given = parameters(tmp_path, mixed_rows(tmp_path), steps=4)
    with pytest.raises(RuntimeError, match="crash"):
        train.run(given, Host(crash_at=4))
    half_written = tmp_path / ".checkpoint.writing" / "checkpoint-3"
    half_written.mkdir(parents=True)
    (half_written / "model.safetensors").write_bytes(b"torn")

    host = Host()
    train.run(given, host)
    assert [step["step"] for step in host.payloads("step")] == [3, 4]
    assert host.questions == trained[1].questions[2:]
    whole, resumed = weights(trained[0] / "policy"), weights(tmp_path / "policy")
    assert [name for name in whole if not torch.equal(whole[name], resumed[name])] == []
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith(".")) == []

    finished = Host()
    train.run(given, finished)
    assert finished.questions == []


def test_cancellation_leaves_a_checkpoint_of_its_own_training(tmp_path: Path) -> None:
    given = parameters(tmp_path, tiny_rows(1, 2), save_every=10)
    with pytest.raises(Cancelled):
        train.run(given, Host(cancel_after=1))
    assert (tmp_path / "checkpoint-1").is_dir() and not (tmp_path / "policy").exists()
    # Other settings make another training, which that checkpoint does not belong to.
    other = Host(cancel_after=1)
    with pytest.raises(Cancelled):
        train.run(given | {"learning_rate": 2e-3}, other)
    assert other.questions[0]["step"] == 1


def test_numbers_of_typescript_come_back_with_the_step(tmp_path: Path) -> None:
    host = Host(metrics={"format_rate": 0.25})
    train.run(parameters(tmp_path, tiny_rows(1, 2), steps=2, prompts_per_step=1, steps_per_round=2), host)
    first, second = host.payloads("step")
    assert first["format_rate"] == 0.25
    # The round's numbers are those of its first step; what it generated a second is known at its last.
    assert "format_rate" not in second and "tokens_per_second" not in first
    seconds = first["seconds"] + second["seconds"]
    assert second["tokens_per_second"] == pytest.approx(8 * first["completion_tokens"] / seconds, rel=1e-4)


def test_the_best_checkpoint_is_kept_and_is_what_training_ends_with(tmp_path: Path) -> None:
    rising_until_step_2 = {1: 0.1, 2: 0.9, 3: 0.2, 4: 0.3}
    host = Host(metrics=lambda step: {"format_rate": rising_until_step_2[step]})
    given = parameters(tmp_path, tiny_rows(1, 2), steps=4, save_every=1, keep_checkpoints=1, best="format_rate")
    result = train.run(given, host)
    assert result == {"checkpoint": str(tmp_path / "policy"), "steps": 4, "step": 2}
    kept = sorted(path.name for path in tmp_path.glob("checkpoint-*"))
    assert kept == ["checkpoint-2", "checkpoint-4"]
    best, policy = weights(tmp_path / "checkpoint-2"), weights(tmp_path / "policy")
    assert all(torch.equal(best[name], policy[name]) for name in policy)
    assert any(not torch.equal(weights(tmp_path / "checkpoint-4")[name], policy[name]) for name in policy)


def test_ungraded_completions_have_no_gradient(tmp_path: Path) -> None:
    host = Host(grade=lambda _: None)
    train.run(parameters(tmp_path, tiny_rows(2, 1), steps=1, beta=0.0, trl={"weight_decay": 0.0}), host)
    assert host.payloads("step")[0]["ungraded"] == 12
    before, after = weights(TINY / "model"), weights(tmp_path / "policy")
    assert all(torch.equal(before[name].float(), after[name].float()) for name in before)


def test_a_broken_video_is_reported_once_and_replaced(tmp_path: Path) -> None:
    rows = tiny_rows(3, 1)
    torn = tmp_path / "torn.mp4"
    torn.write_bytes(Path(rows[1]["media"][0]["path"]).read_bytes()[:600])
    rows[1]["media"][0] |= {"path": str(torn), "sha256": "0" * 64}
    host = Host()
    train.run(parameters(tmp_path, rows, steps=2), host)
    warnings = host.payloads("warning")
    assert [warning["prompt_id"] for warning in warnings] == [rows[1]["id"]]
    asked = {completion["prompt_id"] for question in host.questions for completion in question["completions"]}
    assert rows[1]["id"] not in asked and len(asked) == 3


def test_a_prompt_that_is_too_long_is_reported_once_and_replaced(tmp_path: Path) -> None:
    rows, host = tiny_rows(2, 2), Host()
    train.run(parameters(tmp_path, rows, steps=2, prompts_per_step=2, max_prompt_tokens=60), host)
    warnings = {warning["prompt_id"]: warning["message"] for warning in host.payloads("warning")}
    assert set(warnings) <= {row["id"] for row in rows if row["media"]} and warnings
    assert all("train.maxPromptTokens allows 60" in message for message in warnings.values())
    asked = {completion["prompt_id"] for question in host.questions for completion in question["completions"]}
    assert asked == {row["id"] for row in rows if not row["media"]}


def test_a_processor_of_another_model_is_refused_with_the_difference(tmp_path: Path) -> None:
    model = tmp_path / "model"
    shutil.copytree(TINY / "model", model)
    settings = model / "processor_config.json"
    content = json.loads(settings.read_text(encoding="utf-8"))
    content["image_processor"]["patch_size"] = 16
    settings.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(UserFault, match="its patch_size is 16, the model's 14"):
        train.run(parameters(tmp_path, tiny_rows(1, 2)) | {"model": str(model)}, Host())
    settings.unlink()
    (model / "tokenizer.json").unlink()
    with pytest.raises(UserFault, match="processor cannot be loaded"):
        train.run(parameters(tmp_path, tiny_rows(1, 2)) | {"model": str(model)}, Host())


def test_a_training_that_runs_out_of_memory_says_what_to_lower(tmp_path: Path) -> None:
    def grade(completion: dict[str, Any]) -> float:
        if host.questions[-1]["step"] == 3:
            raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return (sum(completion["token_ids"]) % 7) / 7

    host = Host(grade=grade)
    with pytest.raises(UserFault, match="Tried to allocate 2.00 GiB") as caught:
        train.run(parameters(tmp_path, tiny_rows(1, 2), steps=4), host)
    assert "per_device_train_batch_size" in caught.value.fix
    assert (tmp_path / "checkpoint-2").is_dir()


@pytest.mark.parametrize(
    ("trl", "message"),
    [
        ({"epsilom": 0.1}, "did you mean epsilon?"),
        ({"beta": 0.1}, "set train.beta instead"),
        ({"use_vllm": True}, "leave it out"),
        ({"loss_type": "grpo", "per_device_train_batch_size": 5}, "choose train.trl.per_device_train_batch_size"),
    ],
)
def test_a_wrong_trl_field_is_refused_with_what_to_write(tmp_path: Path, trl: dict[str, Any], message: str) -> None:
    with pytest.raises(UserFault) as caught:
        train.run(parameters(tmp_path, tiny_rows(1, 2), trl=trl), Host())
    assert message in caught.value.fix


def test_a_loss_that_is_no_number_ends_the_training(tmp_path: Path) -> None:
    host = Host(grade=lambda completion: 1e38 * (completion["index"] % 2))
    with pytest.raises(UserFault, match=r"step 1 is (nan|inf)"):
        train.run(parameters(tmp_path, tiny_rows(1, 2), trl={"scale_rewards": "none"}, learning_rate=1e30), host)
