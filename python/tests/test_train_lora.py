"""`train.lora`: an adapter trains instead of the weights, and what is exported has it added."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from test_train_logprobs import mixed_samples
from training_help import BUDGET, TINY, Host, parameters, weights

from vauto_worker import train
from vauto_worker.errors import UserFault

LORA = {"rank": 4, "alpha": 16, "dropout": 0.1}
ADAPTER = "adapter_model.safetensors"


@pytest.fixture(scope="module")
def samples(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    return mixed_samples(tmp_path_factory.mktemp("image") / "image.png")


def given(folder: Path, samples: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    rows = [{name: value for name, value in row.items() if name != "token_ids"} for row in samples]
    return parameters(folder, rows, steps=3, lora=LORA, **changes)


@pytest.fixture(scope="module")
def trained(samples: list[dict[str, Any]], tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Host]:
    """Three uninterrupted steps on videos, an image and a text."""
    folder, host = tmp_path_factory.mktemp("trained"), Host()
    train.run(given(folder, samples, beta=0.1), host)
    return folder, host


def test_only_layers_with_an_adapter_differ_in_the_policy(trained: tuple[Path, Host]) -> None:
    before, after = weights(TINY / "model"), weights(trained[0] / "policy")
    assert before.keys() == after.keys()
    changed = {name for name in before if not torch.equal(before[name].float(), after[name].float())}
    assert any("visual.merger.mlp" in name for name in changed)
    for layer in ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"):
        assert any(f"{layer}.weight" in name for name in changed), layer
    assert [name for name in changed if "visual" in name and "merger" not in name] == []
    assert [name for name in changed if "norm" in name or "embed" in name or name.endswith("bias")] == []


def test_the_adapter_alone_trains_and_lies_beside_the_policy(
    trained: tuple[Path, Host], samples: list[dict[str, Any]], tmp_path: Path
) -> None:
    adapter = load_file(trained[0] / "adapter" / ADAPTER)
    assert adapter and all(".lora_" in name for name in adapter)
    assert not any("visual" in name and "merger" not in name for name in adapter)
    assert all(values.abs().max() > 0 for values in adapter.values())
    trainer = train.make_trainer(TINY / "model", given(tmp_path, samples), Host(), samples)
    assert all(".lora_" in name for name, p in trainer.model.named_parameters() if p.requires_grad)


def test_the_policy_has_the_log_probs_of_the_adapter(
    trained: tuple[Path, Host], samples: list[dict[str, Any]], tmp_path: Path
) -> None:
    rows = [{**row, "id": str(number)} for number, row in enumerate(samples)]
    trainer = train.make_trainer(TINY / "model", given(tmp_path, samples), Host(), rows)
    names, completions = [row["id"] for row in rows], [row["token_ids"] for row in rows]
    base = trainer.completion_logps(names, completions)
    trainer._load_from_checkpoint(str(trained[0] / "adapter"))
    with_adapter = trainer.completion_logps(names, completions)
    request = {"model": str(trained[0] / "policy"), "video_budget": BUDGET, "samples": samples}
    merged = [item["logprobs"] for item in train.logprobs(request, Host())["items"]]
    for own, other, old in zip(with_adapter, merged, base, strict=True):
        assert torch.allclose(torch.tensor(own), torch.tensor(other), atol=1e-4)
        assert not torch.allclose(torch.tensor(own), torch.tensor(old), atol=1e-3)


def test_the_reference_is_the_base_without_the_adapter(trained: tuple[Path, Host]) -> None:
    kl = [step["kl"] for step in trained[1].payloads("step")]
    assert kl[0] == pytest.approx(0, abs=1e-7)
    assert kl[2] > 1e-6


def test_a_crashed_training_continues_to_the_same_adapter(
    trained: tuple[Path, Host], samples: list[dict[str, Any]], tmp_path: Path
) -> None:
    """With dropout: the random state, too, is that of the checkpoint."""
    again = given(tmp_path, samples, beta=0.1)
    with pytest.raises(RuntimeError, match="crash"):
        train.run(again, Host(crash_at=3))
    checkpoint = tmp_path / "checkpoint-2"
    assert (checkpoint / ADAPTER).exists() and not (checkpoint / "model.safetensors").exists()
    host = Host()
    train.run(again, host)
    assert [step["step"] for step in host.payloads("step")] == [3]
    for name in (f"adapter/{ADAPTER}", "policy/model.safetensors"):
        assert (tmp_path / name).read_bytes() == (trained[0] / name).read_bytes()


def test_targets_are_ends_of_layer_names(samples: list[dict[str, Any]], tmp_path: Path) -> None:
    few = given(tmp_path, samples) | {"lora": LORA | {"targets": ["q_proj", "merger.mlp.0"]}}
    model = train.make_trainer(TINY / "model", few, Host(), samples).model
    layers = {name.partition(".lora_")[0] for name, p in model.named_parameters() if p.requires_grad}
    assert len(layers) == 4 + 1
    wrong = few | {"lora": LORA | {"targets": ["q_proj", "qkv"]}}
    with pytest.raises(UserFault, match=r"train\.lora\.targets: qkv is no linear layer") as caught:
        train.make_trainer(TINY / "model", wrong, Host(), samples)
    assert "v_proj" in caught.value.fix
