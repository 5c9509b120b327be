"""A training in this process: real TRL, the shipped tiny model, and a host that answers for TypeScript."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image

TINY = Path(__file__).resolve().parents[2] / "recipes" / "tiny"
BUDGET = {"fps": 2, "max_frames": 64, "min_pixels": 784, "max_pixels": 3136, "total_pixels": 3136 * 64}


class Host:
    """What `vauto_worker.host.Host` offers a method, with a grader in Python."""

    def __init__(
        self,
        grade: Callable[[dict[str, Any]], float | None] = lambda completion: (sum(completion["token_ids"]) % 7) / 7,
        cancel_after: int | None = None,
        crash_at: int | None = None,
        metrics: dict[str, float] | Callable[[int], dict[str, float]] | None = None,
    ):
        self.metrics = metrics if callable(metrics) else lambda _step: metrics or {}
        self.grade, self.cancel_after, self.crash_at = grade, cancel_after, crash_at
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.questions: list[dict[str, Any]] = []

    def emit(self, name: str, payload: dict[str, Any]) -> None:
        self.events.append((name, payload))

    def ask(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        assert name == "reward"
        if payload["step"] == self.crash_at:
            raise RuntimeError("crash in the middle of a step")
        self.questions.append(payload)
        rewards = [self.grade(completion) for completion in payload["completions"]]
        return {"rewards": rewards, "metrics": self.metrics(payload["step"])}

    def cancelled(self) -> bool:
        return self.cancel_after is not None and len(self.questions) >= self.cancel_after

    def payloads(self, name: str) -> list[dict[str, Any]]:
        return [payload for event, payload in self.events if event == name]


def tiny_rows(videos: int, texts: int) -> list[dict[str, Any]]:
    """Prompts of the tiny training set as TypeScript writes them, with and without a video."""
    lines = (TINY / "data" / "train.jsonl").read_text(encoding="utf-8").splitlines()
    records = [json.loads(line) for line in lines]
    chosen = [r for r in records if "video" in r][:videos] + [r for r in records if "video" not in r][:texts]
    return [prompt_row(record) for record in chosen]


def prompt_row(record: dict[str, Any]) -> dict[str, Any]:
    media = [medium(TINY / "data" / record["video"])] if "video" in record else []
    text = {"type": "text", "text": record["question"] + "\nPut your final answer in \\boxed{}."}
    system = (TINY / "system.txt").read_text(encoding="utf-8").strip()
    messages = [
        {"role": "system", "content": [{"type": "text", "text": system}]},
        {"role": "user", "content": [*({"type": entry["kind"]} for entry in media), text]},
    ]
    return {"id": record["id"], "messages": messages, "media": media}


def image_row(path: Path) -> dict[str, Any]:
    """A prompt with a drawn image, which is written to `path`."""
    Image.new("RGB", (56, 28), (200, 30, 30)).save(path)
    row = prompt_row({"id": "image", "question": "Which colour is it?"})
    row["messages"][1]["content"].insert(0, {"type": "image"})
    return row | {"media": [medium(path, "image")]}


def medium(path: Path, kind: str = "video") -> dict[str, Any]:
    return {"kind": kind, "path": str(path), "sha256": hashlib.sha256(path.read_bytes()).hexdigest()}


def parameters(folder: Path, rows: list[dict[str, Any]], **changes: Any) -> dict[str, Any]:
    """`train.run` parameters of a few small steps in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    prompts = folder / "prompts.jsonl"
    prompts.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return {
        "model": str(TINY / "model"),
        "output_dir": str(folder),
        "policy_dir": str(folder / "policy"),
        "prompts_file": str(prompts),
        "video_budget": BUDGET,
        "seed": 5,
        "steps": 3,
        "prompts_per_step": 3,
        "steps_per_round": 1,
        "group_size": 4,
        "learning_rate": 1e-3,
        "beta": 0.01,
        "temperature": 1.0,
        "max_completion_tokens": 12,
        "save_every": 2,
        "trl": {},
    } | changes


def weights(folder: Path) -> dict[str, Any]:
    from safetensors.torch import load_file

    return load_file(folder / "model.safetensors")


def black_video(path: Path, seconds: int) -> Path:
    """Black frames, two a second, 56×56."""
    return write_video(path, np.zeros((2 * seconds, 56, 56, 3), np.uint8))


def reversed_video(path: Path, source: str) -> Path:
    """The frames of another video from the last to the first."""
    with av.open(source) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return write_video(path, np.stack(frames[::-1]))


def write_video(path: Path, frames: np.ndarray) -> Path:
    """Frames, uint8 [T, H, W, 3], two a second."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=2)
        stream.width, stream.height, stream.pix_fmt = frames.shape[2], frames.shape[1], "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return path
