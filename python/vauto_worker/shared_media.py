"""Media of a batch, encoded once per prompt: the rollouts of a group look at the same video.

TRL repeats a prompt for each of its rollouts and so would run the vision encoder on eight copies of a video: in
generation, in the pass of the reference and in that of the policy.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import torch

from .train_samples import Sample

# Pixels of a kind of medium, and the grids that say how many rows of them each medium has.
GRID_OF = {"pixel_values": "image_grid_thw", "pixel_values_videos": "video_grid_thw"}
FEATURES = {"image_grid_thw": "get_image_features", "video_grid_thw": "get_video_features"}
# Whose features are one tensor per medium and nothing else (Qwen3-VL's come with more).
SHARING_MODELS = ("qwen2_vl", "qwen2_5_vl")


class SharedMedia:
    """Makes the media inputs of batches for the models in which it is installed."""

    def __init__(self) -> None:
        self.supported = True
        # For each medium of the batch at hand, which of the distinct media it is.
        self.which: dict[str, list[int]] = {}

    def install(self, model: torch.nn.Module) -> None:
        """Must be done for every model that gets these inputs; where one cannot share, all get full copies."""
        inner = next((part for part in model.modules() if hasattr(part, "get_rope_index")), None)
        if inner is None or inner.config.model_type not in SHARING_MODELS:
            self.supported = False
            return
        for grid, method in FEATURES.items():
            setattr(inner, method, self.sharing(grid, getattr(inner, method)))

    def inputs(self, samples: Sequence[Sample]) -> dict[str, torch.Tensor]:
        """The media tensors of a batch: pixels of each distinct sample once, all else once per row, in order."""
        distinct = list(dict.fromkeys(samples)) if self.supported else list(samples)
        self.which = {grid: places(samples, distinct, grid) for grid in FEATURES} if self.supported else {}
        keys = dict.fromkeys(key for sample in samples for key in sample.media)
        return {key: joined(distinct if key in GRID_OF else samples, key) for key in keys}

    def sharing(self, grid: str, encode: Callable[..., Any]) -> Callable[..., Any]:
        """`get_image_features` or `get_video_features` of a model, which then takes pixels of distinct media."""

        def features(pixels: torch.Tensor, grids: torch.Tensor, **rest: Any) -> Any:
            if len(pixels) == int(grids.prod(-1).sum()):
                return encode(pixels, grids, **rest)
            which = self.which[grid]
            first = [which.index(place) for place in range(max(which) + 1)]
            output = encode(pixels, grids[first], **rest)
            output.pooler_output = tuple(output.pooler_output[place] for place in which)
            return output

        return features


def places(samples: Sequence[Sample], distinct: Sequence[Sample], grid: str) -> list[int]:
    starts, count = {}, 0
    for sample in distinct:
        starts[sample] = count
        count += media_count(sample, grid)
    return [starts[sample] + offset for sample in samples for offset in range(media_count(sample, grid))]


def media_count(sample: Sample, grid: str) -> int:
    return len(sample.media[grid]) if grid in sample.media else 0


def joined(samples: Sequence[Sample], key: str) -> torch.Tensor:
    return torch.cat([sample.media[key] for sample in samples if key in sample.media])
