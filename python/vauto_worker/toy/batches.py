"""Lessons as tensors: token ids, labels, positions and the video patches behind them."""

from __future__ import annotations

import random
from dataclasses import dataclass, replace

import numpy as np
import torch
from transformers import PreTrainedTokenizerFast

from .checkpoint import SYSTEM
from .lessons import TASKS, TEXT_LESSONS, Lesson, answer_at_once, describe, respond
from .world import Scene, random_scene, through_codec

# A first answer is a few tokens among many of thinking: alone in its row, each counts for several.
AT_ONCE_WEIGHT = 4.0
PATCH, MERGE, TEMPORAL = 14, 2, 2
MEAN = torch.tensor([0.48145466, 0.4578275, 0.40821073]) * 255
STD = torch.tensor([0.26862954, 0.26130258, 0.27577711]) * 255


def patchify(frames: np.ndarray) -> torch.Tensor:
    """[T, H, W, 3] uint8 → [T/2, patches, 1176] uint8, in the order of transformers' Qwen2-VL video processor."""
    x = torch.from_numpy(frames).permute(0, 3, 1, 2)
    t, c, h, w = x.shape
    x = x.reshape(t // TEMPORAL, TEMPORAL, c, h // PATCH // MERGE, MERGE, PATCH, w // PATCH // MERGE, MERGE, PATCH)
    x = x.permute(0, 3, 6, 4, 7, 2, 1, 5, 8)
    return x.reshape(t // TEMPORAL, (h // PATCH) * (w // PATCH), c * TEMPORAL * PATCH * PATCH).contiguous()


def normalise(patches: torch.Tensor) -> torch.Tensor:
    """uint8 patches → the floats that the processor would give."""
    per_channel = TEMPORAL * PATCH * PATCH
    return (patches.float() - MEAN.repeat_interleave(per_channel)) / STD.repeat_interleave(per_channel)


@dataclass
class Bank:
    """Scenes with their decoded patches, made once."""

    scenes: list[Scene]
    patches: list[torch.Tensor]

    @classmethod
    def make(cls, rng: random.Random, count: int, seconds: tuple[int, int]) -> Bank:
        scenes = [random_scene(rng, seconds) for _ in range(count)]
        return cls(scenes, [patchify(through_codec(scene)) for scene in scenes])


@dataclass
class Row:
    ids: list[int]
    labels: list[int]
    patches: torch.Tensor | None
    video_start: int
    # How much each labelled token counts in the loss.
    weight: float = 1.0


@dataclass
class Batch:
    ids_BL: torch.Tensor
    labels_BL: torch.Tensor
    mask_BL: torch.Tensor
    positions_3BL: torch.Tensor
    patches_FPD: torch.Tensor | None


class Writer:
    """Turns scenes into rows of tokens."""

    def __init__(self, tokenizer: PreTrainedTokenizerFast, rng: random.Random, system: str = SYSTEM) -> None:
        self.tokenizer, self.rng = tokenizer, rng
        self.video_pad = tokenizer.convert_tokens_to_ids("<|video_pad|>")
        self.head = self._ids(f"<|im_start|>system\n{system}<|im_end|>\n<|im_start|>user\n")
        self.before, self.after = self._ids("<|vision_start|>"), self._ids("<|vision_end|>")
        self.tail = self._ids("<|im_end|>\n<|im_start|>assistant\n")
        self.end = tokenizer.convert_tokens_to_ids("<|im_end|>")
        # First answers seen lately, by problem type: wrong ones for others are drawn from here.
        self.seen: dict[str, list[str]] = {}

    def _ids(self, text: str) -> list[int]:
        return self.tokenizer(text, add_special_tokens=False).input_ids

    def prompt(self, text: str, seconds: int) -> tuple[list[int], int]:
        media = [*self.before, *[self.video_pad] * (4 * seconds), *self.after] if seconds else []
        return [*self.head, *media, *self._ids(text), *self.tail], len(self.head) + len(self.before)

    def row(self, text: str, pieces: list[tuple[str, bool]], patches: torch.Tensor | None, whole: bool = True) -> Row:
        """`whole`: the response ends here; otherwise it is only the beginning of one."""
        ids, start = self.prompt(text, 0 if patches is None else len(patches))
        labels = [-100] * len(ids)
        for piece, counts in pieces:
            piece_ids = self._ids(piece)
            ids += piece_ids
            labels += piece_ids if counts else [-100] * len(piece_ids)
        if whole:
            ids, labels = [*ids, self.end], [*labels, self.end]
        return Row(ids, labels, patches, start)

    def caption(self, bank: Bank) -> Row:
        index = self.rng.randrange(len(bank.scenes))
        text, response = describe(bank.scenes[index])
        return self.row(text, [(response, True)], bank.patches[index])

    def pick(self, bank: Bank, task: str) -> tuple[Lesson, torch.Tensor | None]:
        """A question about a scene of the bank, and the scene's patches where it has a video."""
        make = TASKS.get(task) or TEXT_LESSONS[task]
        while True:
            index = self.rng.randrange(len(bank.scenes))
            lesson = make(self.rng, bank.scenes[index])
            if lesson is not None:
                break
        return lesson, bank.patches[index] if lesson.video else None

    def either(self, bank: Bank, task: str, noise: float) -> Row:
        """One answer, by a coin at once or after thinking: what a switch is then trained to choose from."""
        lesson, patches = self.pick(bank, task)
        if self.rng.random() < 0.5:
            return self.row(lesson.text, answer_at_once(lesson), patches)
        thinking, answer = lesson.think(self.rng, noise if lesson.benchmark == "reasoning" else 0.0)
        return self.row(lesson.text, [(f"<think>{thinking}</think>\\boxed{{{answer}}}", True)], patches)

    def lesson(self, bank: Bank, task: str, noise: float, at_once: bool = False) -> Row:
        """A question about a scene of the bank; `at_once`: only its first answer is taught."""
        lesson, patches = self.pick(bank, task)
        if at_once:
            row = self.row(lesson.text, answer_at_once(lesson), patches, whole=False)
            return replace(row, weight=AT_ONCE_WEIGHT)
        # Only what asks for reasoning is taught with slips; the lessons stay clean.
        noise = noise if lesson.benchmark == "reasoning" else 0.0
        pieces, _ = respond(lesson, self.rng, noise, self._wrong_first(lesson))
        return self.row(lesson.text, pieces, patches)

    def _wrong_first(self, lesson: Lesson) -> str | None:
        """Another lesson's answer in a part of the rows, so that the second answer cannot be a copy of the first."""
        seen = self.seen.setdefault(lesson.task, [])
        wrong = [answer for answer in seen if answer != lesson.answer]
        seen.append(lesson.answer)
        del seen[:-40]
        # Reasoning needs it most; elsewhere first answers that are right are worth learning.
        chosen = self.rng.random() < (0.5 if lesson.benchmark == "reasoning" else 0.3)
        return self.rng.choice(wrong) if chosen and wrong else None


def positions(row: Row) -> torch.Tensor:
    """[3, L]: a video's seconds stand 2 apart, text goes on after the largest position (vLLM's rule)."""
    length = len(row.ids)
    if row.patches is None:
        return torch.arange(length).expand(3, length)
    seconds, start = len(row.patches), row.video_start
    t = torch.arange(seconds).repeat_interleave(4) * 2
    h = torch.tensor([0, 0, 1, 1]).repeat(seconds)
    w = torch.tensor([0, 1, 0, 1]).repeat(seconds)
    video = torch.stack([t, h, w]) + start
    rest = length - start - 4 * seconds
    after = torch.arange(rest) + int(video.max()) + 1
    return torch.cat([torch.arange(start).expand(3, start), video, after.expand(3, rest)], dim=1)


def collate(rows: list[Row], pad: int) -> Batch:
    length = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), length), pad)
    labels = torch.full((len(rows), length), -100)
    mask = torch.zeros(len(rows), length, dtype=torch.long)
    places = torch.zeros(3, len(rows), length, dtype=torch.long)
    for i, row in enumerate(rows):
        n = len(row.ids)
        ids[i, :n], labels[i, :n], mask[i, :n] = torch.tensor(row.ids), torch.tensor(row.labels), 1
        places[:, i, :n] = positions(row)
    videos = [row.patches for row in rows if row.patches is not None]
    return Batch(ids, labels, mask, places, torch.cat(videos) if videos else None)
