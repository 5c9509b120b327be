"""Which weights: a model's local folder and the hash of its weight files."""

from __future__ import annotations

import hashlib
import os
from functools import lru_cache
from pathlib import Path

from .errors import UserFault

WEIGHT_PATTERNS = ("*.safetensors", "*.bin")


def model_folder(model: str, revision: str | None = None) -> str:
    """The local folder of `model`: itself when it is one, else the hub's snapshot (downloaded when missing).

    Raises UserFault `model-not-found`.
    """
    if os.path.isdir(model):
        return os.path.abspath(model)
    if model.startswith((".", "/", "~")) or model.count("/") != 1:
        raise UserFault(
            "model-not-found",
            f"{model}: no such folder",
            "write the folder of a model, or a hub id owner/name",
            "recipe",
        )
    from huggingface_hub import snapshot_download

    try:
        return snapshot_download(model, revision=revision, ignore_patterns=["*.pth", "*.gguf", "*.onnx", "original/*"])
    except Exception as error:  # the hub's errors have no common base
        raise UserFault(
            "model-not-found",
            f"{model}: neither a folder nor to be had from the hub: {error}",
            "write the path of a local model folder, or download the model first",
            "recipe",
        ) from error


def weights_hash(folder: str) -> str:
    """SHA-256 over the weight files' names and contents, names sorted. Raises UserFault when there are none."""
    files = weight_files(folder)
    if not files:
        patterns = ", ".join(WEIGHT_PATTERNS)
        raise UserFault(
            "no-weights", f"{folder}: holds no weight files ({patterns})", "check the model folder", "recipe"
        )
    return hash_files(tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files))


def weights_bytes(folder: str) -> int:
    """Size of the weight files."""
    return sum(file.stat().st_size for file in weight_files(folder))


def weight_files(folder: str) -> list[Path]:
    return next((files for pattern in WEIGHT_PATTERNS if (files := sorted(Path(folder).glob(pattern)))), [])


@lru_cache(maxsize=64)
def hash_files(stamps: tuple[tuple[str, int, int], ...]) -> str:
    """Remembered by path, size and date: a file of many gigabytes is read once."""
    digest = hashlib.sha256()
    for name, size, _ in stamps:
        digest.update(f"{Path(name).name} {size}\n".encode())
        with open(name, "rb") as file:
            while block := file.read(1 << 20):
                digest.update(block)
    return digest.hexdigest()
