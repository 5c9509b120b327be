"""How many frames and pixels of a video a model sees: sampling times, frame size, processor bounds. Pure numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

# Side of one visual token in pixels: patch 14 × merge 2 (Qwen2-VL, Qwen2.5-VL). Qwen3-VL has 32.
DEFAULT_FACTOR = 28
# Frames that one temporal patch holds; the number of sampled frames is a multiple of it.
TEMPORAL_PATCH = 2
MAX_ASPECT_RATIO = 200


@dataclass(frozen=True)
class VideoBudget:
    """Bounds on what the model sees of one video.

    `fps`: frames a second; `max_frames`: at most so many, spread evenly; `min_pixels`, `max_pixels`: bounds of one
    frame; `total_pixels`: bound of the whole video, as the reference counts it (two frames share a temporal patch).
    """

    fps: float = 2.0
    max_frames: int = 256
    min_pixels: int = 16 * 784
    max_pixels: int = 768 * 784
    total_pixels: int = 4096 * 784

    @classmethod
    def from_wire(cls, value: VideoBudget | dict[str, Any]) -> VideoBudget:
        """The budget in the form of the wire (`video_budget`) or already made."""
        return value if isinstance(value, VideoBudget) else cls(**value)


@dataclass(frozen=True)
class Sampling:
    """Times to look at, in seconds from the start of the cut, and their spacing as frames a second."""

    times: list[float]
    fps: float


def sample_times(duration: float, budget: VideoBudget) -> Sampling:
    """Frames at 0, 1/fps, 2/fps, … over `duration` seconds, an even number of them.

    The spacing stays exactly 1/fps (the tail is cut or padded by at most one frame), so that a temporal patch always
    lasts 2/fps seconds: engines multiply that by tokens per second and truncate, and 1.01 would drift from 1.0. Only
    where `max_frames` binds are the frames spread evenly over the whole duration.
    """
    most = max(TEMPORAL_PATCH, budget.max_frames - budget.max_frames % TEMPORAL_PATCH)
    count = TEMPORAL_PATCH * max(1, math.floor(duration * budget.fps / TEMPORAL_PATCH + 0.5))
    if count <= most:
        return Sampling([i / budget.fps for i in range(count)], budget.fps)
    return Sampling([i * duration / most for i in range(most)], most / duration)


def frame_size(
    height: int, width: int, frames: int, budget: VideoBudget, factor: int = DEFAULT_FACTOR
) -> tuple[int, int]:
    """Height and width that a frame is scaled to: `smart_resize` under the per-frame share of the total.

    The share is the reference's (qwen-vl-utils): max(min(max_pixels, total_pixels / frames × 2), 1.05 × min_pixels).
    transformers has it only for a fixed total that no call can change, so frames are scaled here, once, for everybody.
    Raises ValueError for a shape more than 200 times longer than wide.
    """
    share = budget.total_pixels * TEMPORAL_PATCH // max(frames, TEMPORAL_PATCH)
    most = max(min(budget.max_pixels, share), int(budget.min_pixels * 1.05))
    return smart_resize(height, width, factor, budget.min_pixels, most)


def smart_resize(height: int, width: int, factor: int, min_pixels: int, max_pixels: int) -> tuple[int, int]:
    """Nearest multiples of `factor` whose area lies within the bounds, the aspect ratio kept (as in transformers)."""
    if max(height, width) / min(height, width) > MAX_ASPECT_RATIO:
        raise ValueError(f"{width}×{height} is more than {MAX_ASPECT_RATIO} times longer than wide")
    rows, columns = max(factor, round(height / factor) * factor), max(factor, round(width / factor) * factor)
    if rows * columns > max_pixels:
        beta = math.sqrt(height * width / max_pixels)
        rows = max(factor, math.floor(height / beta / factor) * factor)
        columns = max(factor, math.floor(width / beta / factor) * factor)
    elif rows * columns < min_pixels:
        beta = math.sqrt(min_pixels / (height * width))
        rows = math.ceil(height * beta / factor) * factor
        columns = math.ceil(width * beta / factor) * factor
    return rows, columns


def processor_kwargs(budget: VideoBudget | dict[str, Any], factor: int = DEFAULT_FACTOR) -> dict[str, Any]:
    """What engine and trainer both hand to the model's processor, so that it leaves the scaled frames as they are.

    The bounds are wider than any frame that `frame_size` makes. For a video the upper one covers the whole video, since
    Qwen3-VL reads it so.
    """
    limits = VideoBudget.from_wire(budget)
    smallest = factor * factor
    frame = max(limits.max_pixels, int(limits.min_pixels * 1.05), smallest)
    video = max(frame, TEMPORAL_PATCH * limits.total_pixels, frame * TEMPORAL_PATCH)
    return {
        "images_kwargs": {"size": {"shortest_edge": smallest, "longest_edge": frame}},
        "videos_kwargs": {
            "size": {"shortest_edge": smallest, "longest_edge": video},
            "cap_pixels_per_frame": False,
            "do_sample_frames": False,
        },
    }


def engine_processor_kwargs(budget: VideoBudget | dict[str, Any], factor: int, model_type: str) -> dict[str, Any]:
    """`processor_kwargs` as vLLM's `mm_processor_kwargs`.

    For Qwen3-VL vLLM (0.31) lays those of videos beside the nested ones, and transformers refuses to be told twice:
    there the bounds of videos, the wider ones, hold for images as well. Both come scaled already.
    """
    nested = processor_kwargs(budget, factor)
    return nested["videos_kwargs"] if model_type.startswith("qwen3_vl") else nested
