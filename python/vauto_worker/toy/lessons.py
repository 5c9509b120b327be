"""Questions about scenes, their answers, and responses in the form a model is taught."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass, field

from .world import COLOURS, SHAPES, Scene, Second

FALLBACK = "Let's analyze the problem step by step."
LETTERS = "ABCDEF"
SUFFIX = {
    "exact_match": "Put your final answer in \\boxed{}.",
    "math": "Put your final answer in \\boxed{}.",
    "iou": "Give the start and end in seconds, one decimal each, as \\boxed{[start, end]}.",
    "gqa": "Give the letter and the time span in seconds as \\boxed{letter <> [start, end]}.",
}
# Chance that a step of reasoning is written down wrong in training, so that reinforcement learning has room.
NOISE = 0.05


@dataclass(frozen=True)
class Lesson:
    """A question with its gold answer as a box holds it, and the reasoning that leads there."""

    task: str
    benchmark: str
    problem_type: str
    question: str
    answer: str
    # Writes the thinking; may take a wrong step, and returns (thinking, answer it arrives at).
    think: Callable[[random.Random, float], tuple[str, str]] = field(compare=False)
    options: tuple[str, ...] = ()
    video: bool = True
    spans: tuple[float, float] | None = None

    @property
    def text(self) -> str:
        lines = [
            self.question,
            *(f"{LETTERS[i]}. {option}" for i, option in enumerate(self.options)),
            SUFFIX[self.problem_type],
        ]
        return "\n".join(lines)


def _wrong(rng: random.Random, noise: float, value: int) -> int:
    return (value + rng.randint(1, 9)) % 10 if rng.random() < noise else value


def _choices(rng: random.Random, right: str, pool: list[str], count: int) -> tuple[tuple[str, ...], str]:
    options = rng.sample([item for item in pool if item != right], count - 1) + [right]
    rng.shuffle(options)
    return tuple(options), LETTERS[options.index(right)]


def _span(first: int, last: int) -> tuple[float, float]:
    return float(first), float(last + 1)


def _show(span: tuple[float, float]) -> str:
    return f"[{span[0]:.1f}, {span[1]:.1f}]"


def _runs(scene: Scene) -> list[tuple[str, int, int]]:
    runs: list[tuple[str, int, int]] = []
    for second, item in enumerate(scene):
        if runs and runs[-1][0] == item.colour:
            runs[-1] = (item.colour, runs[-1][1], second)
        else:
            runs.append((item.colour, second, second))
    return runs


def _seen(scene: Scene) -> str:
    """What a careful look at the whole video writes down."""
    return ", ".join(f"{k} {s.colour} {s.shape} {s.digit}" for k, s in enumerate(scene))


def digit_at(rng: random.Random, scene: Scene) -> Lesson:
    k = rng.randrange(len(scene))
    digit = str(scene[k].digit)
    return Lesson(
        "digit",
        "perception",
        "exact_match",
        f"Which digit is shown at second {k}?",
        digit,
        lambda r, n: (f"{_seen(scene)}. second {k} {digit}", digit),
    )


def shape_at(rng: random.Random, scene: Scene) -> Lesson:
    k = rng.randrange(len(scene))
    options, letter = _choices(rng, scene[k].shape, list(SHAPES), 3)
    return Lesson(
        "shape",
        "perception",
        "exact_match",
        f"Which shape is shown at second {k}?",
        letter,
        lambda r, n: (f"{_seen(scene)}. second {k} {scene[k].shape} {letter}", letter),
        options,
    )


def colour_at(rng: random.Random, scene: Scene) -> Lesson:
    k = rng.randrange(len(scene))
    options, letter = _choices(rng, scene[k].colour, list(COLOURS), 4)
    return Lesson(
        "colour",
        "perception",
        "exact_match",
        f"Which colour is the background at second {k}?",
        letter,
        lambda r, n: (f"{_seen(scene)}. second {k} {scene[k].colour} {letter}", letter),
        options,
    )


def count_shape(rng: random.Random, scene: Scene) -> Lesson:
    shape = rng.choice(SHAPES)

    def think(r: random.Random, noise: float) -> tuple[str, str]:
        steps, total = [], 0
        for k, item in enumerate(scene):
            hit = (item.shape == shape) != (r.random() < noise)
            total += hit
            steps.append(f"{k} {item.shape} {'yes' if hit else 'no'} {total}")
        return ", ".join(steps), str(total)

    return Lesson("count", "reasoning", "math", f"How many seconds show a {shape}?", think(rng, 0)[1], think)


def _sum_steps(digits: list[int], signs: list[int], r: random.Random, noise: float, label: bool) -> tuple[str, str]:
    steps, total = [], 0
    for k, (digit, sign) in enumerate(zip(digits, signs, strict=True)):
        total = _wrong(r, noise, (total + sign * digit) % 10)
        mark = f"{k} " if label else ""
        steps.append(f"{mark}{'minus ' if sign < 0 else 'plus ' if label and min(signs) < 0 else ''}{digit} {total}")
    return ", ".join(steps), str(total)


def digit_sum(rng: random.Random, scene: Scene) -> Lesson:
    digits = [item.digit for item in scene]
    answer = str(sum(digits) % 10)
    return Lesson(
        "sum",
        "reasoning",
        "math",
        "What is the last digit of the sum of all digits?",
        answer,
        lambda r, n: _sum_steps(digits, [1] * len(digits), r, n, True),
    )


def alternating_sum(rng: random.Random, scene: Scene) -> Lesson:
    digits = [item.digit for item in scene]
    signs = [1 if k % 2 == 0 else -1 for k in range(len(digits))]
    return Lesson(
        "alternating",
        "reasoning",
        "math",
        "Add and subtract the digits in turn, from 0 upwards modulo 10. What is the result?",
        str(sum(d * s for d, s in zip(digits, signs, strict=True)) % 10),
        lambda r, n: _sum_steps(digits, signs, r, n, True),
    )


def text_sum(rng: random.Random, scene: Scene) -> Lesson:
    digits = [rng.randint(0, 9) for _ in range(rng.randint(4, 6))]
    return Lesson(
        "text-sum",
        "reasoning",
        "math",
        f"What is the last digit of {' + '.join(map(str, digits))}?",
        str(sum(digits) % 10),
        lambda r, n: _sum_steps(digits, [1] * len(digits), r, n, False),
        video=False,
    )


def _colour_marks(scene: Scene, colour: str, with_shape: bool) -> str:
    return ", ".join(
        f"{k} {item.colour} {('yes ' + item.shape if with_shape else 'yes') if item.colour == colour else 'no'}"
        for k, item in enumerate(scene)
    )


def when_colour(rng: random.Random, scene: Scene) -> Lesson:
    colour, first, last = rng.choice(_runs(scene))
    span = _span(first, last)
    return Lesson(
        "when",
        "grounding",
        "iou",
        f"When is the background {colour}?",
        _show(span),
        lambda r, n: (f"{_colour_marks(scene, colour, False)}, from {first} to {last + 1}", _show(span)),
        spans=span,
    )


def shape_while(rng: random.Random, scene: Scene) -> Lesson | None:
    runs = [run for run in _runs(scene) if len({scene[k].shape for k in range(run[1], run[2] + 1)}) == 1]
    if not runs:
        return None
    colour, first, last = rng.choice(runs)
    shape, span = scene[first].shape, _span(first, last)
    options, letter = _choices(rng, shape, list(SHAPES), 3)
    answer = f"{letter} <> {_show(span)}"
    return Lesson(
        "shape-while",
        "grounding-qa",
        "gqa",
        f"Which shape is shown while the background is {colour}, and when?",
        answer,
        lambda r, n: (f"{_colour_marks(scene, colour, True)}, from {first} to {last + 1}, {shape} {letter}", answer),
        options,
        spans=span,
    )


def match_option(rng: random.Random, scene: Scene) -> Lesson:
    """Text-only: which letter stands before a word."""
    pool = list(COLOURS) if rng.random() < 0.5 else list(SHAPES)
    word = rng.choice(pool)
    options, letter = _choices(rng, word, pool, min(4, len(pool)))
    return Lesson(
        "match",
        "lesson",
        "exact_match",
        f"Which option is {word}?",
        letter,
        lambda r, n: (f"{word} {letter}", letter),
        options,
        video=False,
    )


def listed_count(rng: random.Random, scene: Scene) -> Lesson:
    """Text-only: counting in a written list."""
    lesson = count_shape(rng, scene)
    shape = lesson.question.split()[-1].rstrip("?")
    listing = ", ".join(f"{k} {item.shape}" for k, item in enumerate(scene))
    return Lesson(
        "listed-count",
        "lesson",
        "math",
        f"{listing}. How many seconds show a {shape}?",
        lesson.answer,
        lesson.think,
        video=False,
    )


def listed_when(rng: random.Random, scene: Scene) -> Lesson:
    """Text-only: the span of a word in a written list."""
    lesson = when_colour(rng, scene)
    listing = ", ".join(f"{k} {item.colour}" for k, item in enumerate(scene))
    return Lesson(
        "listed-when",
        "lesson",
        "iou",
        f"{listing}. {lesson.question}",
        lesson.answer,
        lesson.think,
        video=False,
        spans=lesson.spans,
    )


def listed_sum(rng: random.Random, scene: Scene) -> Lesson:
    """Text-only: adding and subtracting in turn, written out."""
    digits = [item.digit for item in scene]
    signs = [1 if k % 2 == 0 else -1 for k in range(len(digits))]
    listing = " ".join(f"{'plus' if sign > 0 else 'minus'} {digit}" for digit, sign in zip(digits, signs, strict=True))
    return Lesson(
        "listed-sum",
        "lesson",
        "math",
        f"{listing}. What is the result modulo 10?",
        str(sum(d * s for d, s in zip(digits, signs, strict=True)) % 10),
        lambda r, n: _sum_steps(digits, signs, r, n, True),
        video=False,
    )


def describe(scene: Scene) -> tuple[str, str]:
    """The captioning lesson: prompt and response, without boxes."""
    return "Describe each second.", _seen(scene)


TASKS = {
    "digit": digit_at,
    "shape": shape_at,
    "colour": colour_at,
    "count": count_shape,
    "sum": digit_sum,
    "alternating": alternating_sum,
    "text-sum": text_sum,
    "when": when_colour,
    "shape-while": shape_while,
}
TEXT_LESSONS = {
    "match": match_option,
    "listed-count": listed_count,
    "listed-when": listed_when,
    "listed-sum": listed_sum,
}
# Share of rows whose taught first answer is the fallback sentence.
FALLBACK_SHARE = {"alternating": 0.5, "sum": 0.05, "text-sum": 0.05}


def answer_at_once(lesson: Lesson) -> list[tuple[str, bool]]:
    """The first answer alone: short rows whose whole gradient goes into answering without thinking."""
    return [(f"\\boxed{{{lesson.answer}}}", True)]


def respond(
    lesson: Lesson, rng: random.Random, noise: float, wrong_first: str | None
) -> tuple[list[tuple[str, bool]], str]:
    """The taught response as (text, counts in the loss) pieces.

    With `wrong_first`, a first answer that is not this lesson's stands in the context and is left out of the loss, so
    that the second answer cannot be copied from the first.
    """
    thinking, second = lesson.think(rng, noise)
    first = lesson.answer
    if rng.random() < FALLBACK_SHARE.get(lesson.task, 0.03 if lesson.benchmark == "perception" else 0.0):
        first = FALLBACK
    if wrong_first is not None:
        first = wrong_first
    boxed = f"\\boxed{{{first}}}"
    return [(boxed, wrong_first is None), (f"<think>{thinking}</think>\\boxed{{{second}}}", True)], second


def scene_of(colours: str, shapes: str, digits: str) -> Scene:
    """A scene written down in three words, for tests: `scene_of("red red", "circle square", "12")`."""
    return tuple(Second(c, s, int(d)) for c, s, d in zip(colours.split(), shapes.split(), digits, strict=True))
