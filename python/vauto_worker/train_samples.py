"""Training prompts as the model takes them: token ids and media tensors, by prompt id."""

from __future__ import annotations

import json
import math
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import torch

from . import media
from .chat import check_media, prompt_text
from .errors import UserFault
from .media_view import PIXELS, Medium
from .video_budget import VideoBudget, processor_kwargs

# Prepared samples kept for later epochs; those of the round under way stay whatever their size.
CACHE_BYTES = 512 * 2**20
TEXT, IMAGE, VIDEO = 0, 1, 2


@dataclass(frozen=True, eq=False)
class Sample:
    """`ids`: prompt tokens with all media placeholders; `media`: the processor's tensors (pixels, grids, seconds)."""

    ids: list[int]
    media: dict[str, torch.Tensor]

    @property
    def bytes(self) -> int:
        return sum(tensor.nbytes for tensor in self.media.values())

    def split(self, kinds: Sequence[str]) -> Iterator[Medium]:
        """Each medium by itself; `kinds` is their order in the prompt."""
        grids = {kind: iter(self.media.get(f"{kind}_grid_thw", ())) for kind in PIXELS}
        seconds = iter(self.media.get("second_per_grid_ts", ()))
        used = dict.fromkeys(PIXELS, 0)
        for kind in kinds:
            grid = next(grids[kind]).tolist()
            start, used[kind] = used[kind], used[kind] + math.prod(grid)
            pixels = self.media[PIXELS[kind]][start : used[kind]]
            spacing = next(seconds, None) if kind == "video" else None
            yield Medium(kind, pixels, grid, None if spacing is None else float(spacing))


class Encoder:
    """Messages and media to a `Sample`, by the model's own template and processor; frames as the engine gets them."""

    def __init__(self, processor: Any, budget: VideoBudget | dict[str, Any], factor: int):
        self.processor = processor
        self.budget = VideoBudget.from_wire(budget)
        self.factor = factor
        self.bounds = processor_kwargs(self.budget, factor)

    def __call__(self, messages: list[dict[str, Any]], entries: Sequence[dict[str, Any]]) -> Sample:
        """Raises MediaFault for a medium that cannot be decoded."""
        check_media(messages, list(entries))
        seen = [media.load(entry, self.budget, self.factor) for entry in entries]
        images = [item.image for item in seen if isinstance(item, media.Picture)]
        videos = [item for item in seen if isinstance(item, media.Video)]
        given: dict[str, Any] = {}
        if images:
            given |= {"images": [images], "images_kwargs": self.bounds["images_kwargs"]}
        if videos:
            metadata = [video.hf_metadata() for video in videos]
            given["videos"] = [torch.from_numpy(video.frames).permute(0, 3, 1, 2) for video in videos]
            given["videos_kwargs"] = self.bounds["videos_kwargs"] | {"video_metadata": metadata}
        text = prompt_text(self.processor.tokenizer, messages)
        made = dict(self.processor(text=[text], text_kwargs={"add_special_tokens": False}, **given))
        ids = [int(token) for token in made["input_ids"][0]]
        per_token = ("input_ids", "attention_mask", "mm_token_type_ids", "token_type_ids")
        return Sample(ids, {key: torch.as_tensor(value) for key, value in made.items() if key not in per_token})


class Samples:
    """The prompts of a training by id, prepared when first asked for.

    A prompt whose media cannot be decoded, or of more than `limit` tokens, is reported once through
    `skipped(prompt_id, code, message)` and from then on stands back for another (`usable`).
    """

    def __init__(
        self,
        rows: Sequence[dict[str, Any]],
        encode: Encoder,
        skipped: Callable[[str, str, str], None],
        limit: int | None = None,
    ):
        self.limit = limit
        self.rows = {row["id"]: row for row in rows}
        self.encode = encode
        self.skipped = skipped
        self.broken: set[str] = set()
        self.kept: OrderedDict[str, Sample] = OrderedDict()

    def __getitem__(self, prompt_id: str) -> Sample:
        if prompt_id not in self.kept:
            row = self.rows[prompt_id]
            self.kept[prompt_id] = self.encode(row["messages"], row["media"])
        self.kept.move_to_end(prompt_id)
        return self.kept[prompt_id]

    def usable(self, wanted: Sequence[str], keep: Sequence[str] = ()) -> list[str]:
        """`wanted` with each broken prompt replaced by the next good one of the file that is not in the round already.

        `keep`: prompts whose samples are still needed. Raises UserFault when too few good ones are left.
        """
        stand_in: dict[str, str] = {}
        taken = set(wanted)
        for prompt_id in dict.fromkeys(wanted):
            stand_in[prompt_id] = self.good(prompt_id, taken)
            taken.add(stand_in[prompt_id])
        self.forget(taken | set(keep))
        return [stand_in[prompt_id] for prompt_id in wanted]

    def good(self, prompt_id: str, taken: set[str]) -> str:
        order = list(self.rows)
        place = order.index(prompt_id)
        others = (name for name in order[place + 1 :] + order[:place] if name not in taken)
        for candidate in (prompt_id, *others):
            if self.loads(candidate):
                return candidate
        raise UserFault(
            "no-usable-prompts",
            f"no prompt is left to stand in for {prompt_id}: {len(self.broken)} prompts are broken or too long",
            "check the prompts named in the warnings, or raise train.maxPromptTokens",
            "data",
        )

    def loads(self, prompt_id: str) -> bool:
        if prompt_id in self.broken:
            return False
        try:
            length = len(self[prompt_id].ids)
        except media.MediaFault as fault:
            return self.leave_out(prompt_id, fault.code, fault.message)
        if self.limit is not None and length > self.limit:
            message = (
                f"it has {length} tokens with its media, train.maxPromptTokens allows {self.limit} "
                "(or engine.args.max_model_len, where that is less)"
            )
            return self.leave_out(prompt_id, "too-long", message)
        return True

    def leave_out(self, prompt_id: str, code: str, message: str) -> bool:
        self.broken.add(prompt_id)
        self.kept.pop(prompt_id, None)
        self.skipped(prompt_id, code, message)
        return False

    def forget(self, needed: set[str]) -> None:
        """Drops the longest unused samples beyond CACHE_BYTES."""
        size = sum(sample.bytes for sample in self.kept.values())
        for prompt_id in [name for name in self.kept if name not in needed]:
            if size <= CACHE_BYTES:
                return
            size -= self.kept.pop(prompt_id).bytes


def token_types(ids: torch.Tensor, config: Any) -> torch.Tensor:
    """Which tokens are text, image and video placeholders."""
    types = torch.full_like(ids, TEXT)
    types[ids == config.image_token_id] = IMAGE
    types[ids == config.video_token_id] = VIDEO
    return types


def read_prompts(path: str) -> list[dict[str, Any]]:
    """Rows of the prompts file that TypeScript writes: {id, messages, media}. Raises UserFault."""
    try:
        # Not splitlines: JSON leaves U+2028 and its like as they are inside a line.
        lines = Path(path).read_text(encoding="utf-8").split("\n")
        return [json.loads(line) for line in lines if line.strip()]
    except (OSError, ValueError) as error:
        fix = "run the stage again; vauto writes this file"
        raise UserFault("prompts-file", f"{path}: {error}", fix, "data") from error


def order_of_rounds(ids: Sequence[str], rounds: int, per_round: int, seed: int) -> list[str]:
    """Prompt ids of all rounds, `per_round` each: epoch after epoch in a new order, no prompt twice in a round.

    What is left of an epoch when it does not fill a round is left out of it. Raises UserFault for too few prompts.
    """
    if len(ids) < per_round:
        raise UserFault(
            "too-few-prompts",
            f"one round takes {per_round} prompts, there are {len(ids)}",
            "lower train.promptsPerStep or train.stepsPerRound, or add prompts",
            "data",
        )
    random, order = Random(seed), []
    while len(order) < rounds * per_round:
        epoch = list(ids)
        random.shuffle(epoch)
        order += epoch[: len(epoch) - len(epoch) % per_round]
    return order[: rounds * per_round]
