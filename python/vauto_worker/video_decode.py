"""Frames of a video file by time, through PyAV. One path for every caller: engine, trainer, thumbnails, toy."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import av
import av.error
import numpy as np

# Below this many pixels starting decoder threads costs more than it saves.
THREADED_PIXELS = 640 * 360
# Seeking pays from this many seconds into the file.
SEEK_FROM = 4.0


class MediaFault(Exception):
    """A media file that cannot be used, as data: the prompt fails, nothing else.

    `code`: missing | empty | not-media | no-video | truncated | corrupt | cut | shape.
    """

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True)
class VideoIndex:
    """Where each frame of a video stands: `pts` in stream units, in order of display; times in seconds."""

    pts: np.ndarray
    time_base: float
    duration: float
    fps: float
    width: int
    height: int
    rotation: int

    @property
    def times(self) -> np.ndarray:
        """Display time of each frame, from 0 at the first."""
        return (self.pts - self.pts[0]) * self.time_base

    def nearest(self, time: float) -> int:
        """Index of the frame nearest to `time`; the earlier of two equally near ones."""
        times = self.times
        after = int(np.searchsorted(times, time))
        if after == 0:
            return 0
        if after == len(times):
            return after - 1
        return after - 1 if time - times[after - 1] <= times[after] - time else after


def index_video(path: str) -> VideoIndex:
    """Reads the packets' times without decoding, and one frame for its shape. Raises MediaFault."""
    with open_video(path) as (container, stream):
        packets = [packet for packet in demux(path, container, stream) if packet.size and not packet.is_discard]
        announced = stream.frames
        time_base, rate = float(stream.time_base), float(stream.average_rate or stream.guessed_rate or 0)
    if not packets:
        raise MediaFault("empty", f"{path}: the video has no frames")
    if announced and len(packets) < announced - 1:
        raise MediaFault("truncated", f"{path}: holds {len(packets)} of {announced} frames; the file is cut off")
    first = next(decode(path))
    if any(packet.pts is None for packet in packets):
        # Containers such as AVI leave packets without a display time; the decoder knows the order.
        pts, last = np.array([frame.pts for frame in decode(path) if frame.pts is not None], dtype=np.int64), 0
    else:
        newest = max(packets, key=lambda packet: packet.pts)
        pts, last = np.array(sorted({packet.pts for packet in packets}), dtype=np.int64), newest.duration or 0
    return describe(path, pts, last, time_base, rate, first)


def describe(path: str, pts: np.ndarray, last: int, time_base: float, rate: float, first: av.VideoFrame) -> VideoIndex:
    if len(pts) == 0:
        raise MediaFault("empty", f"{path}: the video has no frames")
    if not last:
        last = int(np.median(np.diff(pts))) if len(pts) > 1 else int(1 / rate / time_base) if rate else 1
    duration = float(pts[-1] - pts[0] + last) * time_base
    rotation = round(first.rotation) % 360
    sideways = rotation in (90, 270)
    return VideoIndex(
        pts=pts,
        time_base=time_base,
        duration=duration,
        fps=len(pts) / duration if duration > 0 else rate,
        width=first.height if sideways else first.width,
        height=first.width if sideways else first.height,
        rotation=rotation,
    )


def frames_at(path: str, index: VideoIndex, wanted: Iterable[int]) -> Iterator[tuple[int, np.ndarray]]:
    """RGB frames (upright, uint8 [H, W, 3]) with their index, in order of display. Raises MediaFault.

    Every index is yielded once, however often it is wanted; only one decoded frame is held at a time.
    """
    order = sorted(set(wanted))
    if not order:
        return
    by_pts = {int(index.pts[i]): i for i in order}
    late = (index.pts[order[0]] - index.pts[0]) * index.time_base >= SEEK_FROM
    found = 0
    for frame in decode(path, int(index.pts[order[0]]) if late else None):
        number = by_pts.pop(frame.pts, None) if frame.pts is not None else None
        if number is None:
            continue
        found += 1
        yield number, upright(frame)
        if not by_pts:
            return
    # A packet that the decoder swallowed: the frame shown at that time is the one before it.
    raise MediaFault("corrupt", f"{path}: {len(by_pts)} of {found + len(by_pts)} sampled frames cannot be decoded")


def upright(frame: av.VideoFrame) -> np.ndarray:
    """The frame as RGB, turned as its display matrix says."""
    image = frame.to_ndarray(format="rgb24")
    turns = round(frame.rotation / 90) % 4
    return np.ascontiguousarray(np.rot90(image, turns)) if turns else image


def decode(path: str, seek_to: int | None = None) -> Iterator[av.VideoFrame]:
    """Decoded frames in order of display, from the key frame at or before `seek_to` (stream units) on."""
    with open_video(path) as (container, stream):
        if seek_to is not None:
            container.seek(seek_to, stream=stream, backward=True)
        context = stream.codec_context
        context.thread_type = "AUTO" if context.width * context.height > THREADED_PIXELS else "NONE"
        empty = True
        try:
            for frame in container.decode(stream):
                empty = False
                yield frame
        except av.error.FFmpegError as error:
            raise MediaFault("corrupt", f"{path}: cannot be decoded: {error.strerror}") from error
    if empty:
        raise MediaFault("corrupt", f"{path}: no frame can be decoded")


def demux(path: str, container: av.container.InputContainer, stream: av.VideoStream) -> Iterator[av.Packet]:
    try:
        yield from container.demux(stream)
    except av.error.FFmpegError as error:
        raise MediaFault("truncated", f"{path}: reading stops early: {error.strerror}") from error


@contextmanager
def open_video(path: str) -> Iterator[tuple[av.container.InputContainer, av.VideoStream]]:
    check_file(path)
    try:
        container = av.open(path, metadata_errors="ignore")
    except av.error.FFmpegError as error:
        raise unreadable(path, error) from error
    with container:
        # Cover art of a sound file is a video stream of one picture.
        cover = av.stream.Disposition.attached_pic
        streams = [stream for stream in container.streams.video if not stream.disposition & cover]
        if not streams:
            raise MediaFault("no-video", f"{path}: has no video stream")
        yield container, streams[0]


def check_file(path: str) -> None:
    if not os.path.isfile(path):
        raise MediaFault("missing", f"{path}: no such file")
    if os.path.getsize(path) == 0:
        raise MediaFault("empty", f"{path}: the file is empty")


def unreadable(path: str, error: av.error.FFmpegError) -> MediaFault:
    with open(path, "rb") as file:
        is_mp4 = file.read(12)[4:8] == b"ftyp"
    if is_mp4:
        return MediaFault("truncated", f"{path}: the MP4 has no index (moov); the file is cut off")
    return MediaFault("not-media", f"{path}: not a video file: {error.strerror}")
