"""Media files as models see them: `load_video`, `load_image`, and the wire's `media.probe` and `media.thumbnails`."""

from __future__ import annotations

import hashlib
import inspect
import json
import os
import re
from dataclasses import asdict, dataclass
from functools import cache, cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any

import av
import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from . import frame_files, video_budget, video_decode
from .frame_cache import FrameCache
from .video_budget import DEFAULT_FACTOR, VideoBudget, frame_size, processor_kwargs, sample_times
from .video_decode import MediaFault

__all__ = [
    "MediaFault",
    "Picture",
    "Video",
    "VideoBudget",
    "clear_cache",
    "load",
    "load_image",
    "load_video",
    "probe",
    "processor_kwargs",
    "thumbnails",
]

# Decoded frames kept for the other rollouts of a group; the oldest go first.
CACHE_BYTES = int(os.environ.get("VAUTO_MEDIA_CACHE_MIB", "1024")) * 2**20
# Of a video, what is kept on disk beside its frames.
TOLD = ("timestamps", "fps", "duration", "total_frames", "source_fps", "indices")
IMAGE_SUFFIXES = {".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff", ".jfif"}


@dataclass(frozen=True)
class Video:
    """Sampled, upright, scaled frames of a video or a cut of it.

    `frames`: uint8 [T, H, W, 3], T even; `timestamps`: seconds in the file of the moments they were taken for;
    `fps`: sampled frames a second; `duration`: seconds of the cut; `total_frames`, `source_fps`: of the whole file;
    `indices`: which frame of the file each one is (a frame repeats where the file has fewer than asked for).
    """

    frames: np.ndarray
    timestamps: list[float]
    fps: float
    duration: float
    total_frames: int
    source_fps: float
    indices: list[int]

    def metadata(self) -> dict[str, Any]:
        """What processors want to know, in sampled frames, so that times stay right at a variable frame rate.

        With the file's own frame numbers a processor would derive times from a constant frame rate. For vLLM;
        `transformers.VideoMetadata` refuses `do_sample_frames` (`hf_metadata`).
        """
        return {**self.hf_metadata(), "do_sample_frames": False}

    def hf_metadata(self) -> dict[str, Any]:
        """The keys that `transformers.video_utils.VideoMetadata` takes."""
        count = len(self.frames)
        return {
            "fps": self.fps,
            "duration": count / self.fps,
            "total_num_frames": count,
            "frames_indices": list(range(count)),
            "video_backend": "pyav",
        }

    @property
    def nbytes(self) -> int:
        return self.frames.nbytes

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the model sees: shape, spacing and pixels."""
        return pixel_digest(self.frames, f"video {self.fps:.9g}")


@dataclass(frozen=True)
class Picture:
    """An upright, scaled image: RGB uint8 [H, W, 3]."""

    pixels: np.ndarray

    @property
    def nbytes(self) -> int:
        return self.pixels.nbytes

    @property
    def image(self) -> Image.Image:
        return Image.fromarray(self.pixels)

    @cached_property
    def digest(self) -> str:
        """SHA-256 of what the model sees."""
        return pixel_digest(self.pixels, "image")


def load(medium: dict[str, Any], budget: VideoBudget | dict[str, Any], factor: int = DEFAULT_FACTOR) -> Video | Picture:
    """One entry of a request's `media` ({kind, path, start?, end?, sha256}). Raises MediaFault."""
    if medium["kind"] == "image":
        return load_image(medium["path"], budget, factor=factor, sha256=medium.get("sha256"))
    return load_video(
        medium["path"], medium.get("start"), medium.get("end"), budget, factor=factor, sha256=medium.get("sha256")
    )


def load_video(
    path: str,
    start: float | None,
    end: float | None,
    budget: VideoBudget | dict[str, Any],
    *,
    factor: int = DEFAULT_FACTOR,
    sha256: str | None = None,
) -> Video:
    """Frames of `path` from `start` to `end` seconds (None: the file's ends) at `budget.fps`, nearest by display time.

    `factor`: side of a visual token in pixels. `sha256`: content hash, the cache's name for the file (without it: path,
    size and date, and nothing is kept on disk). Raises MediaFault.
    """
    limits = VideoBudget.from_wire(budget)
    key = ("video", sha256 or file_stamp(path), start, end, limits, factor)
    return CACHE.get(key, lambda: kept_video(path, start, end, limits, factor, sha256))


def load_image(
    path: str, budget: VideoBudget | dict[str, Any], *, factor: int = DEFAULT_FACTOR, sha256: str | None = None
) -> Picture:
    """The image at `path`, turned as its EXIF says and scaled to the bounds of one frame. Raises MediaFault."""
    limits = VideoBudget.from_wire(budget)
    return CACHE.get(("image", sha256 or file_stamp(path), limits, factor), lambda: read_image(path, limits, factor))


def kept_video(
    path: str, start: float | None, end: float | None, budget: VideoBudget, factor: int, sha256: str | None
) -> Video:
    """The frames from disk where they are kept, else decoded and then kept."""
    if FILES is None or not re.fullmatch("[0-9a-f]{64}", sha256 or ""):
        return decode_video(path, start, end, budget, factor)
    origin = [sha256, start, end, asdict(budget), factor, decoding()]
    name = hashlib.sha256(json.dumps(origin).encode()).hexdigest()
    kept = FILES.load(name, video_from)
    if kept is not None:
        return kept
    video = decode_video(path, start, end, budget, factor)
    told = {entry: getattr(video, entry) for entry in (*TOLD, "digest")}
    FILES.save(name, told, video.frames)
    return video


def video_from(header: dict[str, Any], frames: np.ndarray) -> Video:
    return Video(frames, **{entry: header[entry] for entry in TOLD})


@cache
def decoding() -> str:
    """What decides the frames besides the file and what is asked of it: this code and the libraries that it calls."""
    code = [inspect.getsource(part) for part in (video_decode, video_budget, decode_video, cut, scaled_size, scale)]
    libraries = [av.__version__, sorted(av.library_versions.items()), np.__version__, version("torch")]
    return hashlib.sha256(json.dumps([code, libraries]).encode()).hexdigest()


def decode_video(path: str, start: float | None, end: float | None, budget: VideoBudget, factor: int) -> Video:
    index = video_decode.index_video(path)
    begin, stop = cut(path, index.duration, start, end)
    sampling = sample_times(stop - begin, budget)
    timestamps = [begin + time for time in sampling.times]
    indices = [index.nearest(time) for time in timestamps]
    rows, columns = scaled_size(path, index.height, index.width, len(indices), budget, factor)
    frames = np.empty((len(indices), rows, columns, 3), dtype=np.uint8)
    for number, image in video_decode.frames_at(path, index, indices):
        # The shape can change within a file; all frames get the size planned from the first.
        scaled = scale(image, rows, columns)
        frames[[position for position, wanted in enumerate(indices) if wanted == number]] = scaled
    return Video(frames, timestamps, sampling.fps, stop - begin, len(index.pts), index.fps, indices)


def cut(path: str, duration: float, start: float | None, end: float | None) -> tuple[float, float]:
    begin, stop = max(0.0, start or 0.0), duration if end is None else min(end, duration)
    if (begin or end is not None) and begin >= stop:
        raise MediaFault("cut", f"{path}: nothing between {begin:g} s and {stop:g} s; the video lasts {duration:.2f} s")
    return begin, stop


def scaled_size(path: str, height: int, width: int, frames: int, budget: VideoBudget, factor: int) -> tuple[int, int]:
    try:
        return frame_size(height, width, frames, budget, factor)
    except ValueError as error:
        raise MediaFault("shape", f"{path}: {error}") from error


def scale(image: np.ndarray, rows: int, columns: int) -> np.ndarray:
    """Bicubic with antialiasing on uint8, the operation of transformers' fast processors."""
    if image.shape[:2] == (rows, columns):
        return image
    import torch

    tensor = torch.from_numpy(np.array(image)).permute(2, 0, 1).unsqueeze(0)
    scaled = torch.nn.functional.interpolate(tensor, size=(rows, columns), mode="bicubic", antialias=True)
    return scaled.squeeze(0).permute(1, 2, 0).contiguous().numpy()


def read_image(path: str, budget: VideoBudget, factor: int) -> Picture:
    image = open_image(path)
    rows, columns = scaled_size(path, image.height, image.width, 1, budget, factor)
    return Picture(scale(np.asarray(image), rows, columns))


def open_image(path: str) -> Image.Image:
    video_decode.check_file(path)
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image).convert("RGB")
    except UnidentifiedImageError as error:
        raise MediaFault("not-media", f"{path}: not an image file") from error
    except (OSError, SyntaxError, Image.DecompressionBombError) as error:
        raise MediaFault("truncated" if "truncated" in str(error) else "corrupt", f"{path}: {error}") from error


def pixel_digest(pixels: np.ndarray, label: str) -> str:
    digest = hashlib.sha256(f"{label} {pixels.shape}\n".encode())
    digest.update(np.ascontiguousarray(pixels))
    return digest.hexdigest()


def file_stamp(path: str) -> str:
    video_decode.check_file(path)
    stat = os.stat(path)
    return f"{os.path.abspath(path)} {stat.st_size} {stat.st_mtime_ns}"


CACHE = FrameCache(CACHE_BYTES)
FILES = frame_files.from_environment()


def clear_cache() -> None:
    """Forgets all decoded media."""
    CACHE.clear()


def probe(params: dict[str, Any], host: Any = None) -> dict[str, Any]:
    """Wire method `media.probe`: what each file is, or why it cannot be used."""
    return {"items": [probe_one(path) for path in params["paths"]]}


def probe_one(path: str) -> dict[str, Any]:
    try:
        return {"path": path, **(probe_image(path) if is_image(path) else probe_video(path))}
    except MediaFault as fault:
        return {"path": path, "error": {"code": fault.code, "message": fault.message}}


def is_image(path: str) -> bool:
    return Path(path).suffix.lower() in IMAGE_SUFFIXES


def probe_image(path: str) -> dict[str, Any]:
    image = open_image(path)
    shape = {"width": image.width, "height": image.height}
    return {"kind": "image", **shape, "duration": None, "fps": None, "frames": 1, "rotation": 0}


def probe_video(path: str) -> dict[str, Any]:
    index = video_decode.index_video(path)
    return {
        "kind": "video",
        "width": index.width,
        "height": index.height,
        "duration": round(index.duration, 6),
        "fps": round(index.fps, 6),
        "frames": len(index.pts),
        "rotation": index.rotation,
    }


def thumbnails(params: dict[str, Any], host: Any = None) -> dict[str, Any]:
    """Wire method `media.thumbnails`: PNG files of `count` of the frames that the model saw, spread evenly.

    `factor` may be given for models whose visual token is not 28 pixels wide. Raises UserFault for an unusable file.
    """
    from .errors import UserFault

    try:
        seen = load(
            {"kind": "image" if is_image(params["path"]) else "video", **params},
            params["video_budget"],
            params.get("factor", DEFAULT_FACTOR),
        )
    except MediaFault as fault:
        raise UserFault(f"media-{fault.code}", fault.message, kind="data") from fault
    folder = Path(params["out_dir"])
    folder.mkdir(parents=True, exist_ok=True)
    return {"items": [save_png(pixels, time, seen.digest, folder) for time, pixels in spread(seen, params["count"])]}


def spread(seen: Video | Picture, count: int) -> list[tuple[float, np.ndarray]]:
    if isinstance(seen, Picture):
        return [(0.0, seen.pixels)]
    total = len(seen.frames)
    number = min(count, total)
    chosen = [round(place * (total - 1) / max(number - 1, 1)) for place in range(number)]
    return [(seen.timestamps[i], seen.frames[i]) for i in chosen]


def save_png(pixels: np.ndarray, time: float, digest: str, folder: Path) -> dict[str, Any]:
    file = folder / f"{digest[:16]}-{round(time * 1000):07d}ms.png"
    Image.fromarray(pixels).save(file)
    return {"time": round(time, 3), "file": str(file)}
