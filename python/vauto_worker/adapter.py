"""LoRA through peft: which layers carry an adapter, and the trained model without it, as an ordinary folder."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch

from .errors import UserFault

# Parts of a vision tower that stay trainable: the projector into the language model.
PROJECTORS = ("merger", "projector")
VISION_TOWERS = ("visual", "vision_tower", "vision_model")


def is_frozen(name: str) -> bool:
    """Whether a parameter or layer of this name belongs to the vision encoder."""
    parts = name.split(".")
    tower = any(part in VISION_TOWERS for part in parts)
    return tower and not any(projector in part for projector in PROJECTORS for part in parts)


def lora_config(wanted: dict[str, Any], model_config: Any) -> Any:
    """peft's configuration of `train.lora` ({rank, alpha, dropout, targets?}) for a model of this configuration.

    Raises UserFault where `targets` name no layer that may carry an adapter.
    """
    from peft import LoraConfig

    layers = linear_layers(model_config)
    targets = wanted.get("targets")
    chosen = [name for name in layers if targets is None or any(ends_with(name, target) for target in targets)]
    unknown = [target for target in targets or [] if not any(ends_with(name, target) for name in layers)]
    if unknown:
        raise UserFault(
            "lora-target",
            f"train.lora.targets: {unknown[0]} is no linear layer of the language model or the projector",
            f"choose from {', '.join(sorted({name.rpartition('.')[2] for name in layers}))}",
            "recipe",
        )
    sizes = {"r": wanted["rank"], "lora_alpha": wanted["alpha"], "lora_dropout": wanted["dropout"]}
    return LoraConfig(**sizes, target_modules=chosen, bias="none")


def linear_layers(model_config: Any) -> list[str]:
    """Names of the linear layers of language model and projector; the output head, which TRL refuses, is left out."""
    from transformers import AutoModelForImageTextToText

    with torch.device("meta"):
        model = AutoModelForImageTextToText.from_config(model_config)
    head = model.get_output_embeddings()
    return [
        name
        for name, module in model.named_modules()
        if isinstance(module, torch.nn.Linear) and module is not head and not is_frozen(name)
    ]


def ends_with(name: str, target: str) -> bool:
    return name == target or name.endswith(f".{target}")


@torch.no_grad()
def save_merged(model: Any, folder: Path) -> None:
    """Writes a PeftModel's base with the adapter added, the model itself untouched.

    Merging in place and taking it back would round the weights twice: the training would go on with other ones.
    """
    from peft.tuners.tuners_utils import BaseTunerLayer

    base = model.get_base_model()
    deltas = {
        f"{name}.weight": module.get_delta_weight(adapter)
        for name, module in base.named_modules()
        if isinstance(module, BaseTunerLayer)
        for adapter in module.active_adapters
    }
    merged = {}
    for name, values in base.state_dict().items():
        if ".lora_" in name:
            continue
        plain = name.replace(".base_layer.", ".")
        merged[plain] = values if plain not in deltas else (values + deltas[plain]).to(values.dtype)
    base.save_pretrained(folder, state_dict=merged)
