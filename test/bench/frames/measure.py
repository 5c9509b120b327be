"""Decoding against reading decoded frames, and decoding beside generation against before it. One JSON object a command.

measure.py clip FILE SECONDS        writes a 720p video, 30 frames a second
measure.py decode FRAMES FILE...    seconds of all files: decoded, and read from the folder FRAMES
measure.py overlap MODEL CLIP       seconds of one generate call, media decoded before the first step and meanwhile
"""

from __future__ import annotations

import json
import os
import sys
import time
from concurrent.futures import Future
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[3] / "python"))

from vauto_worker import media  # noqa: E402
from vauto_worker.frame_files import FrameFiles  # noqa: E402

TURNS = 3
# Cuts of four seconds that the engine is asked about.
CLIPS = 8
PAPER = {"fps": 2, "max_frames": 64}
TINY = {"fps": 2, "max_frames": 16, "min_pixels": 784, "max_pixels": 16 * 784, "total_pixels": 256 * 784}


def clip(path: str, seconds: str) -> dict:
    """Drifting noise with a moving block: neither trivial for the decoder nor larger than a camera's video."""
    import av

    random, height, width = np.random.default_rng(1), 720, 1280
    squares = random.integers(40, 200, (height // 8, width // 4, 3), dtype=np.uint8)
    field = np.kron(squares, np.ones((8, 8, 1), np.uint8))
    with av.open(path, "w") as container:
        stream = container.add_stream("libx264", rate=30, options={"preset": "veryfast", "g": "60", "crf": "26"})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for number in range(int(seconds) * 30):
            left = number * 3 % width
            image = field[:, left : left + width].copy()
            image[100:300, number * 7 % 1000 :][:, :200] = number * 5 % 255
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode(None))
    return {"bytes": os.path.getsize(path)}


def decode(folder: str, *paths: str) -> dict:
    """Sums over the files of the fastest of TURNS; read files are first dropped from the system's page cache."""
    files = FrameFiles(Path(folder), 2**33)
    budget = PAPER if len(paths) == 1 else TINY
    seconds = {"decoded": 0.0, "read": 0.0, "cached": 0.0}
    size = 0
    for number, path in enumerate(paths):
        sha256 = f"{number:064x}"

        def load(kept: FrameFiles | None, path: str = path, sha256: str = sha256) -> tuple[float, str]:
            media.clear_cache()
            media.FILES = kept
            started = time.perf_counter()
            video = media.load_video(path, None, None, budget, sha256=sha256)
            seconds = time.perf_counter() - started
            return seconds, video.digest

        before = set(files.folder.glob("*"))
        _, first = load(files)
        (entry,) = set(files.folder.glob("*")) - before
        size += entry.stat().st_size
        taken: dict[str, list[float]] = {name: [] for name in seconds}
        for _ in range(TURNS):
            forget(entry)
            for name, kept in (("decoded", None), ("read", files), ("cached", files)):
                spent, digest = load(kept)
                assert digest == first
                taken[name].append(spent)
        seconds = {name: seconds[name] + min(taken[name]) for name in seconds}
    return {**seconds, "files": len(paths), "bytes": size}


def forget(path: Path) -> None:
    with path.open("rb") as file:
        os.fsync(file.fileno())
        os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)


def overlap(model: str, path: str) -> dict:
    """Clips of one video, eight rollouts each, sixteen at a time: all added first, and added as they are needed."""
    from vauto_worker import rollout
    from vauto_worker.generation import Generation

    arguments = {"enforce_eager": True, "max_model_len": 512, "max_num_seqs": 16}
    load = {"model": model, "trust_remote_code": False, "engine_args": arguments, "video_budget": TINY, "seed": 7}
    rollout.load(load, Deaf())
    engine = rollout.running()
    real = type(engine).most_at_once
    seconds: dict[str, list[float]] = {"before": [], "meanwhile": []}
    waits: dict[str, list[float]] = {"before": [], "meanwhile": []}
    answers = set()

    class Watched(Generation):
        waited = 0.0

        def add(self, request: dict, seen: Future) -> None:
            started = time.perf_counter()
            seen.result()
            self.waited += time.perf_counter() - started
            super().add(request, seen)

    # The first turn warms up.
    for turn in range(TURNS + 1):
        ways = {"before": 10**9, "meanwhile": real}
        for name in list(ways) if turn % 2 else list(reversed(ways)):
            type(engine).most_at_once = ways[name]
            media.clear_cache()
            engine.core.reset_prefix_cache()
            engine.core.reset_encoder_cache()
            host = Deaf()
            requests = [request(number, path) for number in range(8 * CLIPS)]
            call = Watched(engine, host, len(requests))
            spent = call.run(requests)["seconds"]
            answers.add(json.dumps(sorted(host.texts)))
            if turn:
                seconds[name].append(spent)
                waits[name].append(call.waited)
    rollout.close()
    best = {name: min(values) for name, values in seconds.items()}
    waited = {name: min(values) for name, values in waits.items()}
    return {**best, "waits": waited, "alike": len(answers) == 1, "requests": 8 * CLIPS}


class Deaf:
    """Stands at the caller's end of a call and keeps what was answered."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def emit(self, name: str, payload: dict) -> None:
        assert name != "failed", payload
        if name == "rollout":
            self.texts.append(f"{payload['id']} {payload['token_ids']} {payload['logprobs']}")

    def cancelled(self) -> bool:
        return False


def request(number: int, path: str) -> dict:
    start = number // 8
    content = [{"type": "video"}, {"type": "text", "text": "How many squares are there?"}]
    return {
        "id": number,
        "messages": [{"role": "user", "content": content}],
        "media": [{"kind": "video", "path": path, "start": float(start), "end": start + 4.0, "sha256": "f" * 64}],
        **{"seed": number, "temperature": 1.0, "top_p": 1.0, "top_k": 0, "max_tokens": 96, "stop": []},
    }


if __name__ == "__main__":
    command, *arguments = sys.argv[1:]
    print(json.dumps({"clip": clip, "decode": decode, "overlap": overlap}[command](*arguments)))
