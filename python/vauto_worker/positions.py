"""Rotary positions by the rule of vLLM and of Qwen2.5-VL's pre-training, for models run by transformers.

After a video, transformers 5 continues the text at start + max(height, width) / merge; the model was pre-trained with
text that continues after the *largest* position, the temporal ones included, and vLLM keeps to that. transformers also
truncates the seconds per grid to an integer before multiplying. A model run under the other rule is silently another
model (transformers issue 45381), so trainer and toy take their positions from here.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from types import MethodType
from typing import Any

import torch

TEXT, IMAGE, VIDEO = 0, 1, 2


def use_engine_positions(model: Any) -> Any:
    """Makes a Qwen2-VL/Qwen2.5-VL model of transformers number its tokens as vLLM does; returns the same model.

    Replaces `get_rope_index` on the object that has it (forward pass and `generate` both ask it). Models that number
    videos frame by frame (Qwen3-VL, where both rules agree) are left alone.
    """
    inner = next((part for part in model.modules() if hasattr(part, "get_rope_index")), None)
    if inner is not None and inner.config.model_type in ("qwen2_vl", "qwen2_5_vl"):
        inner.get_rope_index = MethodType(rope_index, inner)
    return model


def rope_index(
    model: Any,
    input_ids: torch.Tensor,
    mm_token_type_ids: torch.Tensor,
    image_grid_thw: torch.Tensor | None = None,
    video_grid_thw: torch.Tensor | None = None,
    second_per_grid_ts: torch.Tensor | list[float] | None = None,
    attention_mask: torch.Tensor | None = None,
    **_: Any,
) -> tuple[torch.Tensor, torch.Tensor]:
    """Stands in for transformers' `get_rope_index`: positions [3, batch, length] and their deltas [batch, 1].

    Padding keeps position 0, as there. Images and videos are taken from the grids in order, across the batch.
    """
    config = model.config.vision_config
    merge, rate = config.spatial_merge_size, getattr(config, "tokens_per_second", 1.0)
    images, videos = grids(image_grid_thw), grids(video_grid_thw)
    seconds = iter([1.0] * 10**6 if second_per_grid_ts is None else [float(value) for value in second_per_grid_ts])
    positions = torch.zeros(3, *input_ids.shape, dtype=input_ids.dtype)
    deltas = []
    for row, kinds in enumerate(mm_token_type_ids.cpu()):
        mask = torch.ones_like(kinds) if attention_mask is None else attention_mask[row]
        present = mask.cpu().bool()
        placed = row_positions(kinds[present].tolist(), images, videos, seconds, merge, rate)
        positions[:, row, present] = placed
        deltas.append(int(placed.max()) + 1 - placed.shape[1] if placed.numel() else 0)
    device = input_ids.device
    return positions.to(device), torch.tensor(deltas, device=device).unsqueeze(1)


def row_positions(
    kinds: list[int],
    images: Iterator[list[int]],
    videos: Iterator[list[int]],
    seconds: Iterator[float],
    merge: int,
    rate: float,
) -> torch.Tensor:
    """Positions [3, length] of one sequence; every part begins one after the largest position so far."""
    parts: list[torch.Tensor] = []
    following = 0
    for kind, group in itertools.groupby(kinds):
        left = len(list(group))
        # Two media of one kind without text between them form one run.
        while left:
            if kind == TEXT:
                part = torch.arange(left).expand(3, -1)
            else:
                grid = next(images if kind == IMAGE else videos)
                spacing = rate * next(seconds) if kind == VIDEO else 1.0
                part = grid_positions(grid, merge, spacing)
            part = part + following
            parts.append(part)
            following = int(part.max()) + 1
            left -= part.shape[1]
    return torch.cat(parts, dim=1) if parts else torch.zeros(3, 0, dtype=torch.long)


def grid_positions(grid: list[int], merge: int, spacing: float) -> torch.Tensor:
    """Positions [3, t·h·w] of one image or video from 0; times are truncated after the multiplication, as vLLM does."""
    times, rows, columns = grid[0], grid[1] // merge, grid[2] // merge
    axes = torch.meshgrid(torch.arange(times), torch.arange(rows), torch.arange(columns), indexing="ij")
    flat = torch.stack(axes).reshape(3, -1)
    flat[0] = (flat[0].double() * spacing).long()
    return flat


def grids(values: torch.Tensor | None) -> Iterator[list[int]]:
    return iter([] if values is None else values.tolist())
