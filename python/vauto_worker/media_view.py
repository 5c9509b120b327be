"""What a model is given of a prompt's media, told the same way by engine and trainer to be compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import torch

DIGEST_LENGTH = 16
PIXELS = {"image": "pixel_values", "video": "pixel_values_videos"}


# Mean and deviation by which a processor normalises colours, by kind of medium.
Scale = dict[str, tuple[list[float], list[float]]]


@dataclass(frozen=True)
class Medium:
    """The processor's output for one image or video: patches [t·h·w, values], grid [t, h, w], seconds a grid."""

    kind: str
    pixels: torch.Tensor
    grid: list[int]
    seconds: float | None


def describe_media(
    media: Iterable[Medium], ids: Sequence[int], positions: torch.Tensor | None, config: Any, scale: Scale
) -> list[dict[str, Any]]:
    """One entry a medium, in the order of the prompt.

    `frames`: a digest of each frame's pixels; `seconds`: seconds a temporal patch, None where the model is told none;
    `times`: temporal position of each temporal patch, `next`: of the token behind the medium. `positions`: [3, length];
    None (models with other positions) leaves the last two empty.
    """
    merge = config.vision_config.spatial_merge_size**2
    waiting = {kind: iter(places(ids, token)) for kind, token in token_of(config).items()}
    described = []
    for medium in media:
        time, height, width = medium.grid
        per_slice = height * width // merge
        own = [next(waiting[medium.kind]) for _ in range(time * per_slice)]
        entry: dict[str, Any] = {"kind": medium.kind, "seconds": medium.seconds}
        entry["frames"] = frame_digests(medium, config.vision_config, scale)
        entry["times"], entry["next"] = [], None
        if positions is not None:
            entry["times"] = [int(positions[0, place]) for place in own[::per_slice]]
            entry["next"] = int(positions[0, own[-1] + 1]) if own[-1] + 1 < len(ids) else None
        described.append(entry)
    return described


def frame_digests(medium: Medium, vision: Any, scale: Scale) -> list[str]:
    """SHA-256 of each frame's patches as bytes of colour, shortened; empty where their type is too coarse to tell."""
    (time, height, width), depth = medium.grid, getattr(vision, "temporal_patch_size", 1)
    patches = medium.pixels.detach().cpu()
    patches = patches.reshape(time, height * width, -1, depth, vision.patch_size**2)
    colours = patches if patches.dtype == torch.uint8 else unscaled(patches, *scale[medium.kind])
    if colours is None:
        return []
    frames = colours.permute(0, 3, 1, 2, 4).flatten(0, 1).contiguous()
    return [hashlib.sha256(frame.numpy().tobytes()).hexdigest()[:DIGEST_LENGTH] for frame in frames]


def unscaled(patches: torch.Tensor, mean: Sequence[float], std: Sequence[float]) -> torch.Tensor | None:
    """Colours 0 to 255 from normalised values [.., colour, frame, pixel]; vLLM may leave that step to the model."""
    # Half the distance between two values of this type, in colours.
    coarseness = torch.finfo(patches.dtype).eps * float(patches.abs().max()) / 2 * max(std) * 255
    if coarseness >= 0.5:
        return None
    middle, spread = (torch.tensor(values).view(-1, 1, 1) for values in (mean, std))
    return ((patches.float() * spread + middle) * 255).round().clamp(0, 255).to(torch.uint8)


def scale_of(processor: Any) -> Scale:
    """The normalisation of a model's processor."""
    parts = {kind: getattr(processor, f"{kind}_processor", None) for kind in PIXELS}
    return {kind: (part.image_mean, part.image_std) for kind, part in parts.items() if part is not None}


def places(ids: Sequence[int], token: int) -> list[int]:
    return [place for place, found in enumerate(ids) if found == token]


def token_of(config: Any) -> dict[str, int]:
    return {"image": config.image_token_id, "video": config.video_token_id}
