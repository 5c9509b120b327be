"""Checkpoint folders that are complete or absent: written under another name, synced to disk, then renamed."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

# In every checkpoint: which training it belongs to.
STAMP = "vauto.json"
WEIGHT_FILES = ("*.safetensors", "*.safetensors.index.json", "*.bin", "*.bin.index.json", "*.pt", "*.pth")


@contextmanager
def complete_or_absent(target: Path) -> Iterator[Path]:
    """A folder to fill, which becomes `target` (replacing an older one) when the block ends without an exception."""
    draft = draft_of(target)
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(parents=True)
    try:
        yield draft
        publish(draft, target)
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def draft_of(target: Path) -> Path:
    return target.with_name(f".{target.name}.writing")


@contextmanager
def written_by_lead(target: Path, ranks: Any) -> Iterator[Path]:
    """`complete_or_absent` for the processes of a training (ranks.py), of which the first makes and publishes it.

    Collective: the folder is there for all before the block, and published for all after it.
    """
    if not ranks.lead:
        ranks.wait()
        yield draft_of(target)
    else:
        with complete_or_absent(target) as draft:
            ranks.wait()
            yield draft
    ranks.wait()


def publish(draft: Path, target: Path) -> None:
    """Syncs `draft` and renames it to `target`."""
    sync_tree(draft)
    outdated = target.with_name(f".{target.name}.outdated")
    shutil.rmtree(outdated, ignore_errors=True)
    if target.exists():
        target.rename(outdated)
    draft.rename(target)
    sync(target.parent)
    shutil.rmtree(outdated, ignore_errors=True)


def sync_tree(folder: Path) -> None:
    for path in [*folder.rglob("*"), folder]:
        sync(path)


def sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def newest(folder: Path, fingerprint: str) -> Path | None:
    """The checkpoint with the highest step in `folder` that belongs to the training with this fingerprint."""
    return max(of_training(folder, fingerprint), key=step_of, default=None)


def best(folder: Path, fingerprint: str) -> Path | None:
    """The checkpoint of this training with the highest score, the older of equal ones; None without any score."""
    scored = {path: stamp_of(path).get("score") for path in sorted(of_training(folder, fingerprint), key=step_of)}
    return max((path for path in scored if scored[path] is not None), key=lambda path: scored[path], default=None)


def prune(folder: Path, keep: int | None, spared: Path | None = None) -> None:
    """Removes all but the `keep` newest checkpoints (None: removes nothing) and the `spared` one."""
    if keep is None or keep <= 0:
        return
    for path in sorted(all_checkpoints(folder), key=lambda path: path.stat().st_mtime)[:-keep]:
        if path != spared:
            shutil.rmtree(path, ignore_errors=True)


def all_checkpoints(folder: Path) -> list[Path]:
    found = folder.glob("checkpoint-*")
    return [path for path in found if re.fullmatch(r"checkpoint-\d+", path.name) and path.is_dir()]


def of_training(folder: Path, fingerprint: str) -> list[Path]:
    return [path for path in all_checkpoints(folder) if stamp_of(path).get("training") == fingerprint]


def step_of(checkpoint: Path) -> int:
    """Steps that had been taken when it was written."""
    return int(checkpoint.name.rpartition("-")[2])


def write_stamp(checkpoint: Path, fingerprint: str, score: float | None = None) -> None:
    """Which training a checkpoint belongs to, and how good it is where that is asked for."""
    stamp = {"training": fingerprint} | ({} if score is None else {"score": score})
    (checkpoint / STAMP).write_text(json.dumps(stamp) + "\n", encoding="utf-8")


def stamp_of(checkpoint: Path) -> dict[str, Any]:
    try:
        return json.loads((checkpoint / STAMP).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def copy_companions(source: Path, target: Path) -> None:
    """Tokenizer, processor and template files of the model folder `source`, byte for byte, over those in `target`.

    The configuration stays the one that was saved with the weights: it says their type.
    """
    weights = {path for pattern in WEIGHT_FILES for path in source.glob(pattern)}
    for path in source.iterdir():
        if path.is_file() and path not in weights and path.name not in ("config.json", "generation_config.json"):
            shutil.copyfile(path, target / path.name)
