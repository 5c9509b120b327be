"""A model's processor, checked against the model: one of another family would train on scrambled pictures."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from transformers import AutoProcessor

from .errors import UserFault

FIX = "use the processor files that came with the model (preprocessor_config.json, tokenizer.json, chat template)"
# Of a processor's image part, and of a model's vision configuration.
SIZES = {
    "patch_size": "patch_size",
    "merge_size": "spatial_merge_size",
    "temporal_patch_size": "temporal_patch_size",
}
TOKENS = ("image_token_id", "video_token_id")


def load_processor(folder: Path, config: Any, trust_remote_code: bool = False) -> Any:
    """The processor in a model folder. Raises UserFault when there is none, or one of another model."""
    try:
        processor = AutoProcessor.from_pretrained(folder, trust_remote_code=trust_remote_code)
    except (OSError, ValueError, KeyError) as error:
        raise UserFault("processor", f"the model's processor cannot be loaded: {error}", FIX, "data") from error
    for what, (have, wanted) in differences(processor, config).items():
        message = f"the processor is not this model's: its {what} is {have}, the model's {wanted}"
        raise UserFault("processor", message, FIX, "data")
    return processor


def differences(processor: Any, config: Any) -> dict[str, tuple[Any, Any]]:
    """What processor and model both name and see differently: {name: (processor's, model's)}."""
    pairs = {}
    images, vision = getattr(processor, "image_processor", None), getattr(config, "vision_config", None)
    if vision is not None and images is None:
        return {"kind": (type(processor).__name__, "one for pictures")}
    for own, other in SIZES.items():
        pairs[own] = (getattr(images, own, None), getattr(vision, other, None))
    for name in TOKENS:
        pairs[name] = (getattr(processor, name, None), getattr(config, name, None))
    return {name: pair for name, pair in pairs.items() if None not in pair and pair[0] != pair[1]}
