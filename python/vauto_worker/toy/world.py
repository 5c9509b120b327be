"""The toy world: short videos of coloured seconds with a dark shape and a white digit, through a real codec."""

from __future__ import annotations

import io
import random
from dataclasses import dataclass

import av
import numpy as np

SIZE = 56
FPS = 2
COLOURS = {
    "red": (215, 40, 40),
    "green": (40, 170, 60),
    "blue": (45, 80, 220),
    "yellow": (225, 200, 45),
    "purple": (150, 50, 190),
    "orange": (235, 130, 35),
}
SHAPES = ("circle", "square", "triangle")
SHAPE_COLOUR = (25, 25, 30)
# 5x7 dot-matrix digits, one row a string.
GLYPHS = {
    0: ("01110", "10001", "10011", "10101", "11001", "10001", "01110"),
    1: ("00100", "01100", "00100", "00100", "00100", "00100", "01110"),
    2: ("01110", "10001", "00001", "00110", "01000", "10000", "11111"),
    3: ("11110", "00001", "00001", "01110", "00001", "00001", "11110"),
    4: ("00010", "00110", "01010", "10010", "11111", "00010", "00010"),
    5: ("11111", "10000", "11110", "00001", "00001", "10001", "01110"),
    6: ("00110", "01000", "10000", "11110", "10001", "10001", "01110"),
    7: ("11111", "00001", "00010", "00100", "01000", "01000", "01000"),
    8: ("01110", "10001", "10001", "01110", "10001", "10001", "01110"),
    9: ("01110", "10001", "10001", "01111", "00001", "00010", "01100"),
}


@dataclass(frozen=True)
class Second:
    colour: str
    shape: str
    digit: int


Scene = tuple[Second, ...]


def random_scene(rng: random.Random, seconds: tuple[int, int] = (4, 6)) -> Scene:
    """A scene of whole seconds. A colour's seconds are one run; in half of the scenes a run keeps one shape."""
    length = rng.randint(*seconds)
    steady = rng.random() < 0.5
    colours = rng.sample(list(COLOURS), len(COLOURS))
    scene: list[Second] = []
    while len(scene) < length:
        colour, shape = colours.pop(), rng.choice(SHAPES)
        for _ in range(min(rng.choice((1, 1, 2, 2, 3)), length - len(scene))):
            scene.append(Second(colour, shape if steady else rng.choice(SHAPES), rng.randint(0, 9)))
    return tuple(scene)


def _draw(second: Second) -> np.ndarray:
    picture = np.empty((SIZE, SIZE, 3), np.uint8)
    picture[:] = COLOURS[second.colour]
    y, x = np.mgrid[0:SIZE, 0:SIZE]
    centre = (SIZE - 1) / 2
    if second.shape == "circle":
        mask = (x - centre) ** 2 + (y - centre) ** 2 <= 26**2
    elif second.shape == "square":
        mask = (abs(x - centre) <= 22) & (abs(y - centre) <= 22)
    else:
        mask = (y >= 2) & (y <= 53) & (abs(x - centre) <= (y - 2) * 0.54)
    picture[mask] = SHAPE_COLOUR
    glyph = np.array([[int(bit) for bit in row] for row in GLYPHS[second.digit]], bool)
    block = np.kron(glyph, np.ones((4, 4), bool))
    top, left = 18 if second.shape == "triangle" else 14, 18
    picture[top : top + 28, left : left + 20][block] = 255
    return picture


def frames_of(scene: Scene) -> np.ndarray:
    """[T, H, W, 3] uint8, each second's picture FPS times."""
    return np.repeat(np.stack([_draw(second) for second in scene]), FPS, axis=0)


def encode(scene: Scene, target: str | io.BytesIO) -> None:
    """Writes an H.264 MP4, index at the front."""
    options = {"crf": "20", "preset": "veryfast", "threads": "1", "x264-params": "log-level=none"}
    # Moving the index to the front needs a file that can be opened again.
    muxing = {"movflags": "+faststart"} if isinstance(target, str) else {}
    with av.open(target, "w", format="mp4", options=muxing) as container:
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = SIZE, SIZE, "yuv420p"
        for frame in frames_of(scene):
            for packet in stream.encode(av.VideoFrame.from_ndarray(frame, "rgb24")):
                container.mux(packet)
        for packet in stream.encode():
            container.mux(packet)


def through_codec(scene: Scene) -> np.ndarray:
    """The scene's frames as anyone who decodes its MP4 sees them."""
    buffer = io.BytesIO()
    encode(scene, buffer)
    buffer.seek(0)
    with av.open(buffer) as container:
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
