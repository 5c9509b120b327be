"""How good a tiny model is on the held-out questions, task by task.

    python -m vauto_worker.toy.evaluate recipes/tiny/model

One greedy pass and one at temperature 1, by transformers' `generate` over prompts that went through the model's own
processor, positions by the engine's rule. Spans are right from an IoU of 0.7 on; a choice with a span needs both.
"""

from __future__ import annotations

import argparse
import json
import math
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoProcessor, Qwen2_5_VLForConditionalGeneration

from ..positions import use_engine_positions
from ..train_samples import Encoder, Sample, token_types
from ..video_budget import VideoBudget
from ..vision_attention import batch_windows
from .checkpoint import SYSTEM
from .lessons import FALLBACK, LETTERS, SUFFIX

BENCHMARKS = ("perception", "reasoning", "grounding", "grounding-qa")
BUDGET = VideoBudget(fps=2.0, max_frames=16, min_pixels=784, max_pixels=16 * 784, total_pixels=256 * 784)
RIGHT_FROM = 0.7
RESPONSE = re.compile(r"\\boxed\{(.*?)\}<think>.*?</think>\\boxed\{(.*?)\}", re.DOTALL)
FIRST_BOX = re.compile(r"\\boxed\{(.*?)\}", re.DOTALL)
SPAN = re.compile(r"\[(\d+(?:\.\d+)?), (\d+(?:\.\d+)?)\]")


@dataclass(frozen=True)
class Scored:
    """One response.

    `first`, `second`: how right the two answers are, 0 to 1; `confidence`: exp of the mean log-prob of the first box's
    tokens, None for the fallback, a missing or an empty box; `first_tokens`: tokens up to the end of the first box.
    """

    row: dict[str, Any]
    text: str
    first: float
    second: float
    form: bool
    fallback: bool
    confidence: float | None
    first_tokens: int
    tokens: int


def read_rows(data: Path, limit: int | None) -> list[dict[str, Any]]:
    """The questions of all benchmarks, at most `limit` a task, each with its benchmark's name."""
    rows: list[dict[str, Any]] = []
    taken: dict[str, int] = defaultdict(int)
    for benchmark in BENCHMARKS:
        for line in (data / f"{benchmark}.jsonl").read_text().splitlines():
            row = json.loads(line) | {"benchmark": benchmark}
            if limit is None or taken[row["task"]] < limit:
                taken[row["task"]] += 1
                rows.append(row)
    return rows


def prompt_of(row: dict[str, Any], data: Path) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Messages and media of a manifest row, by the rule that every prompt is made with."""
    options = [f"{LETTERS[i]}. {option}" for i, option in enumerate(row.get("options", ()))]
    text = "\n".join([row["question"], *options, SUFFIX[row["problem_type"]]])
    media = [{"kind": "video", "path": str(data / row["video"])}] if "video" in row else []
    parts = [*({"type": "video"} for _ in media), {"type": "text", "text": text}]
    system = {"role": "system", "content": [{"type": "text", "text": SYSTEM}]}
    return [system, {"role": "user", "content": parts}], media


def value_of(row: dict[str, Any], answer: str) -> float:
    """1 or 0; for spans the IoU; for a choice with a span the IoU where the letter is right."""
    kind, gold = row["problem_type"], row["answer"]
    if kind == "iou":
        return overlap(answer, gold)
    if kind == "gqa":
        letter, _, span = answer.partition(" <> ")
        return overlap(span, gold["segment"]) if letter == gold["answer"] else 0.0
    return float(answer == str(gold))


def overlap(answer: str, gold: list[float]) -> float:
    match = SPAN.fullmatch(answer)
    if match is None:
        return 0.0
    start, end = float(match[1]), float(match[2])
    union = max(end, gold[1]) - min(start, gold[0])
    return max(0.0, min(end, gold[1]) - max(start, gold[0])) / union if end > start and union > 0 else 0.0


def score(row: dict[str, Any], pieces: list[str], logprobs: list[float]) -> Scored:
    """`pieces`: the text of each generated token, the end token left out; `logprobs` go with them."""
    text = "".join(pieces)
    whole, box = RESPONSE.fullmatch(text), FIRST_BOX.search(text)
    first = box[1] if box else ""
    inside: list[float] = []
    end, first_tokens = 0, len(pieces)
    for place, (piece, logprob) in enumerate(zip(pieces, logprobs, strict=True)):
        begin, end = end, end + len(piece)
        if box and begin < box.end(1) and end > box.start(1):
            inside.append(logprob)
        if box and end >= box.end():
            first_tokens = place + 1
            break
    sure = math.exp(sum(inside) / len(inside)) if inside and first != FALLBACK else None
    second = value_of(row, whole[2]) if whole else 0.0
    fallback = first == FALLBACK
    return Scored(row, text, value_of(row, first), second, whole is not None, fallback, sure, first_tokens, len(pieces))


def collate(model: Any, samples: list[Sample], pad: int) -> dict[str, torch.Tensor]:
    """Prompts padded on the left, their videos one after the other."""
    length = max(len(sample.ids) for sample in samples)
    ids = torch.tensor([[pad] * (length - len(sample.ids)) + sample.ids for sample in samples])
    mask = torch.tensor([[0] * (length - len(sample.ids)) + [1] * len(sample.ids) for sample in samples])
    inputs = {"input_ids": ids, "attention_mask": mask, "mm_token_type_ids": token_types(ids, model.config)}
    for name in sorted({name for sample in samples for name in sample.media}):
        inputs[name] = torch.cat([sample.media[name] for sample in samples if name in sample.media])
    return inputs


def generate(
    model: Any,
    tokenizer: Any,
    rows: list[dict[str, Any]],
    samples: list[Sample],
    *,
    sampled: bool,
    batch: int,
    longest: int,
) -> Iterator[Scored]:
    """Responses to `rows`, greedy or at temperature 1; tokens that stand for pixels are never generated."""
    ends = {tokenizer.eos_token_id, tokenizer.pad_token_id}
    media_tokens = [model.config.video_token_id, model.config.image_token_id]
    options: dict[str, Any] = {"temperature": 1.0, "top_p": 1.0, "top_k": 0} if sampled else {}
    for start in range(0, len(rows), batch):
        inputs = collate(model, samples[start : start + batch], tokenizer.pad_token_id)
        made = model.generate(
            **inputs,
            **options,
            do_sample=sampled,
            max_new_tokens=longest,
            suppress_tokens=media_tokens,
            output_logits=True,
            return_dict_in_generate=True,
        )
        tokens = made.sequences[:, inputs["input_ids"].shape[1] :]
        logits = torch.stack(made.logits, dim=1).float()
        logprobs = logits.gather(2, tokens.unsqueeze(2)).squeeze(2) - logits.logsumexp(2)
        for row, ids, scores in zip(rows[start : start + batch], tokens.tolist(), logprobs.tolist(), strict=True):
            count = next((place for place, token in enumerate(ids) if token in ends), len(ids))
            yield score(row, [tokenizer.decode([token]) for token in ids[:count]], scores[:count])


def table(scored: list[Scored], field: str, tau: float) -> dict[str, dict[str, float]]:
    """A summary of each group of responses whose rows agree in `field`."""
    groups: dict[str, list[Scored]] = defaultdict(list)
    for item in scored:
        groups[item.row[field]].append(item)
    return {name: summary(items, tau) for name, items in groups.items()}


def summary(items: list[Scored], tau: float) -> dict[str, float]:
    """Shares right (answer 1, answer 2, with an exit at confidence `tau`), mean values, form, confidence, tokens."""

    def mean(values: list[float]) -> float:
        return sum(values) / len(values) if values else math.nan

    exits = [item.confidence is not None and item.confidence >= tau for item in items]
    auto = [item.first if out else item.second for item, out in zip(items, exits, strict=True)]
    auto_tokens = [item.first_tokens if out else item.tokens for item, out in zip(items, exits, strict=True)]
    return {
        "n": len(items),
        "a1": mean([item.first >= RIGHT_FROM for item in items]),
        "a2": mean([item.second >= RIGHT_FROM for item in items]),
        "auto": mean([value >= RIGHT_FROM for value in auto]),
        "a1_value": mean([item.first for item in items]),
        "a2_value": mean([item.second for item in items]),
        "form": mean([item.form for item in items]),
        "fallback": mean([item.fallback for item in items]),
        "confidence": mean([item.confidence for item in items if item.confidence is not None]),
        "think": 1 - mean([float(out) for out in exits]),
        "a1_tokens": mean([item.first_tokens for item in items]),
        "tokens": mean([item.tokens for item in items]),
        "auto_tokens": mean(auto_tokens),
    }


def evaluate(
    folder: Path, data: Path, *, limit: int | None = None, batch: int = 64, longest: int = 96, seed: int = 1
) -> dict[str, list[Scored]]:
    """{"greedy": …, "sampled": …}: each question once greedily and once at temperature 1."""
    processor = AutoProcessor.from_pretrained(folder)
    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(folder, dtype=torch.float32).eval()
    batch_windows(use_engine_positions(model))
    encode = Encoder(processor, BUDGET, 28)
    rows = read_rows(data, limit)
    samples = [encode(*prompt_of(row, data)) for row in rows]
    result = {}
    for name in ("greedy", "sampled"):
        torch.manual_seed(seed)
        sampled = name == "sampled"
        made = generate(model, processor.tokenizer, rows, samples, sampled=sampled, batch=batch, longest=longest)
        result[name] = list(made)
    return result


def show(title: str, groups: dict[str, dict[str, float]]) -> None:
    columns = list(next(iter(groups.values())))
    print(f"{title:14}" + "".join(f"{column:>12}" for column in columns))
    for name, values in groups.items():
        print(f"{name:14}" + "".join(f"{values[c]:12.0f}" if c == "n" else f"{values[c]:12.3f}" for c in columns))


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    shipped = Path(__file__).parents[3] / "recipes" / "tiny" / "data"
    parser.add_argument("model", type=Path, help="checkpoint folder")
    parser.add_argument("--data", type=Path, default=shipped, help="folder of the manifests (default: the shipped one)")
    parser.add_argument("--limit", type=int, help="questions of each task (default: all)")
    parser.add_argument("--batch", type=int, default=64, help="prompts generated together (default 64)")
    parser.add_argument("--max-tokens", type=int, default=96, help="longest response (default 96)")
    parser.add_argument("--threshold", type=float, default=0.97, help="confidence of an exit (default 0.97)")
    parser.add_argument("--seed", type=int, default=1, help="of the pass at temperature 1 (default 1)")
    parser.add_argument("--threads", type=int, default=1, help="threads to compute with (default 1)")
    parser.add_argument("--dump", type=Path, help="file to write every response to, one JSON line each")
    return parser.parse_args()


def main() -> None:
    args = parse_args()
    torch.set_num_threads(args.threads)
    result = evaluate(
        args.model, args.data, limit=args.limit, batch=args.batch, longest=args.max_tokens, seed=args.seed
    )
    for name, scored in result.items():
        show(name, table(scored, "task", args.threshold))
        whole = {"all": summary(scored, args.threshold)}
        show(f"{name}, all", table(scored, "benchmark", args.threshold) | whole)
    if args.dump:
        lines = [json.dumps({"pass": name, **vars(item)}) for name, scored in result.items() for item in scored]
        args.dump.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
