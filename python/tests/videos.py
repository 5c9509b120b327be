"""Real video files for the tests, written with PyAV."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import av
import numpy as np

# One number a millisecond: times of frames are written as they are.
MILLISECONDS = Fraction(1, 1000)


def shade(number: int, width: int, height: int) -> np.ndarray:
    """Frame `number`: a grey that tells it apart, with the top-left quarter white to see which way is up."""
    frame = np.full((height, width, 3), 10 + number * 8 % 200, dtype=np.uint8)
    frame[: height // 2, : width // 2] = 255
    return frame


def number_of(frame: np.ndarray) -> int:
    """Which `shade` a decoded frame is, read at its bottom right."""
    return round((float(frame[-frame.shape[0] // 4 :, -frame.shape[1] // 4 :].mean()) - 10) / 8)


def write_video(
    path: Path,
    times_ms: list[int],
    *,
    width: int = 64,
    height: int = 48,
    b_frames: int = 0,
    gop: int = 250,
    rotation: int | None = None,
    start_ms: int = 0,
    index_first: bool = True,
) -> Path:
    """An H.264 MP4 with one frame at each of `times_ms`.

    `rotation`: degrees that a player turns the frames counter-clockwise; `index_first`: moov before the data.
    """
    with av.open(str(path), "w", options={"movflags": "+faststart"} if index_first else {}) as container:
        stream = container.add_stream("libx264", rate=30, options={"crf": "12", "bf": str(b_frames), "g": str(gop)})
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv444p"
        stream.time_base = stream.codec_context.time_base = MILLISECONDS
        if rotation is not None:
            stream.set_display_rotation(rotation)
        for number, time in enumerate(times_ms):
            frame = av.VideoFrame.from_ndarray(shade(number, width, height), format="rgb24")
            frame.pts, frame.time_base = time + start_ms, MILLISECONDS
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def write_sound(path: Path) -> Path:
    """An MP4 with a sound stream alone."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("aac", rate=16000, layout="mono")
        for _ in range(20):
            frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), dtype=np.float32), format="fltp", layout="mono")
            frame.sample_rate = 16000
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path
