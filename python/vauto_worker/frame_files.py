"""Decoded frames on disk, named by what they were made from; shared by the processes of a run and by later runs.

A file is `MAGIC`, the length of its header (4 bytes, little endian), the header's SHA-256, the header (JSON) and the
pixels (uint8, C order). It is whole or not there; one that was changed since is noticed, removed, and made again.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import sys
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np

MAGIC = b"vframes1"
SUFFIX, UNFINISHED = ".frames", ".writing"
# Largest header that is believed: a video of 10,000 frames has 0.3 MB.
MOST_HEADER = 16 * 2**20
# Part of the limit that one process writes before it looks again at what all of them have written.
SHARE = 16
# The store needs the disk more than this does.
LEFT_FREE = 2**30
# So old (seconds), a file that is still being written belongs to a process that is gone.
ABANDONED = 3600
BLOCK = 4096


class Digested(Protocol):
    @property
    def digest(self) -> str: ...


Made = TypeVar("Made", bound=Digested)


@dataclass
class FrameFiles:
    """A folder of decoded frames, least recently used out first when they take more than `limit` bytes.

    No lock: files appear whole by renaming, and several processes may remove the same one. Where n processes write at
    once the limit may be passed by (n − 1) / SHARE of it. A disk that is full or fails ends the writing, which is said
    once; what is there is still read.
    """

    folder: Path
    limit: int
    writes: bool = True
    #: Bytes this process may still write before it looks at the folder again.
    room: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def load(self, name: str, make: Callable[[dict[str, Any], np.ndarray], Made]) -> Made | None:
        """What `make` makes of the header and pixels kept as `name`; None when there are none or they are damaged.

        Its `digest` has to be the one that the header tells.
        """
        path = self.path(name)
        try:
            with path.open("rb") as file:
                header, pixels = read(file)
            made = make(header, pixels)
            if made.digest != header["digest"]:
                raise ValueError("other pixels than were written")
        except OSError:
            return None
        except (ValueError, KeyError, TypeError) as error:
            print(f"decoded frames in {path} are damaged ({error}); they are made again", file=sys.stderr)
            with suppress(OSError):
                path.unlink()
            return None
        with suppress(OSError):
            os.utime(path)
        return made

    def save(self, name: str, header: dict[str, Any], pixels: np.ndarray) -> None:
        """Keeps `pixels` (uint8) under `name`; `header` has their `digest`. Raises nothing when the disk cannot."""
        text = json.dumps({**header, "shape": pixels.shape}).encode()
        size = on_disk(len(text) + pixels.nbytes)
        if not self.writes or size > self.limit:
            return
        unfinished = self.folder / f"{name}.{os.getpid()}-{threading.get_ident()}{UNFINISHED}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self.make_room(size)
            with unfinished.open("wb") as file:
                file.write(MAGIC + len(text).to_bytes(4, "little") + hashlib.sha256(text).digest() + text)
                file.write(np.ascontiguousarray(pixels).data)
            unfinished.replace(self.path(name))
        except OSError as error:
            with suppress(OSError):
                unfinished.unlink()
            self.give_up(error)

    def path(self, name: str) -> Path:
        return self.folder / f"{name}{SUFFIX}"

    def make_room(self, size: int) -> None:
        """Removes what was used longest ago when `size` bytes more do not fit. Raises OSError for a full disk."""
        with self.lock:
            if self.room < size:
                share = max(self.limit // SHARE, size)
                self.remove_oldest(self.limit - share)
                self.room = share
            self.room -= size
        disk = os.statvfs(self.folder)
        if disk.f_bavail * disk.f_frsize < size + LEFT_FREE:
            raise OSError(errno.ENOSPC, f"less than {LEFT_FREE >> 20} MiB would be left on the disk")

    def remove_oldest(self, most: int) -> None:
        """Removes files until the others take at most `most` bytes."""
        kept = []
        for entry in os.scandir(self.folder):
            try:
                seen = entry.stat()
            except FileNotFoundError:
                continue
            if entry.name.endswith(SUFFIX):
                kept.append((seen.st_mtime_ns, on_disk(seen.st_size), entry.path))
            elif entry.name.endswith(UNFINISHED) and seen.st_mtime < time.time() - ABANDONED:
                Path(entry.path).unlink(missing_ok=True)
        total = sum(size for _, size, _ in kept)
        for _, size, path in sorted(kept):
            if total <= most:
                return
            Path(path).unlink(missing_ok=True)
            total -= size

    def give_up(self, error: OSError) -> None:
        with self.lock:
            said, self.writes = not self.writes, False
        if not said:
            print(f"warning: no more decoded frames are kept in {self.folder}: {error}", file=sys.stderr)


def read(file: Any) -> tuple[dict[str, Any], np.ndarray]:
    """Header and pixels of an open file. Raises ValueError (also for bad JSON) and KeyError for a damaged one."""
    if file.read(len(MAGIC)) != MAGIC:
        raise ValueError("not a file of frames")
    length = int.from_bytes(file.read(4), "little")
    expected = file.read(32)
    text = file.read(min(length, MOST_HEADER))
    if hashlib.sha256(text).digest() != expected:
        raise ValueError("another header than was written")
    header = json.loads(text)
    shape = tuple(header["shape"])
    left = os.fstat(file.fileno()).st_size - file.tell()
    if left != int(np.prod(shape)):
        raise ValueError(f"{left} bytes of pixels, {int(np.prod(shape))} were written")
    pixels = np.empty(shape, dtype=np.uint8)
    # May end early all the same when another process changes the file meanwhile; the digest tells.
    file.readinto(pixels.reshape(-1).data)
    return header, pixels


def on_disk(size: int) -> int:
    return -(-size // BLOCK) * BLOCK


def from_environment() -> FrameFiles | None:
    """The folder that `VAUTO_FRAME_CACHE` names, with VAUTO_FRAME_CACHE_GIB as its limit; None without, or with 0."""
    folder, limit = os.environ.get("VAUTO_FRAME_CACHE"), float(os.environ.get("VAUTO_FRAME_CACHE_GIB") or 4)
    return FrameFiles(Path(folder), int(limit * 2**30)) if folder and limit > 0 else None
