"""Trains the tiny model from nothing: `python -m vauto_worker.toy.train --out DIR --minutes 50`.

Captions first (what a second looks like), then all tasks with captions and text-only lessons mixed in. After 30% of the
time a step of reasoning is written down wrong with a chance of 5%: the checkpoint reasons well, not perfectly, and
reinforcement learning has room. Processes with one thread each beat one process with several threads by far.
"""

from __future__ import annotations

import argparse
import math
import random
import tempfile
import time
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing as mp
import torch.nn.functional as F
from transformers import PreTrainedTokenizerFast, Qwen2_5_VLForConditionalGeneration

from .batches import Bank, Row, Writer, collate
from .checkpoint import SWITCH_SYSTEM, SYSTEM, make_model, make_processor, make_tokenizer, save
from .forward import logits_at_labels
from .lessons import NOISE
from .muon import Muon

CAPTION_PHASE = 0.12
NOISE_FROM = 0.3
# Harder tasks get more of the rows.
LESSON_WEIGHTS = {"match": 4, "listed-count": 1, "listed-when": 1, "listed-sum": 3}
# What can be seen without thinking: rows that teach nothing but the first answer.
AT_ONCE_WEIGHTS = {
    "digit": 0.3,
    "shape": 1,
    "colour": 1.5,
    "when": 2,
    "shape-while": 2,
    "match": 1.5,
    "listed-when": 0.5,
}
TASK_WEIGHTS = {
    "digit": 0.8,
    "shape": 1.5,
    "colour": 2,
    "count": 1.2,
    "sum": 1.2,
    "alternating": 1.5,
    "text-sum": 1,
    "when": 2,
    "shape-while": 2,
}


def parse_args() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder to write the checkpoint to")
    parser.add_argument("--minutes", type=float, default=50, help="wall-clock time of training (default 50)")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--start", type=Path, help="checkpoint to continue from: a second round, text-only lessons first"
    )
    parser.add_argument(
        "--lesson-phase",
        type=float,
        default=0.3,
        help="share of a further round that begins with text-only lessons (default 0.3)",
    )
    parser.add_argument("--processes", type=int, default=2, help="one thread each (default 2)")
    parser.add_argument(
        "--videos", type=int, default=5000, help="videos to encode and decode for training (default 5000)"
    )
    parser.add_argument("--batch", type=int, default=64, help="rows of a step, over all processes (default 64)")
    parser.add_argument("--save-minutes", type=float, default=5, help="minutes between checkpoints (default 5)")
    parser.add_argument("--lr", type=float, default=5e-3, help="learning rate of Muon (default 5e-3)")
    parser.add_argument(
        "--switch", action="store_true", help="teach one answer, by a coin at once or after thinking (with --start)"
    )
    return parser.parse_args()


def choose_rows(
    writer: Writer, short: Bank, bank: Bank, mixture: tuple[float, float, float, float], noise: float, count: int
) -> list[Row]:
    """Rows drawn with the shares (captions of short videos, captions, text-only lessons, at once); tasks fill up."""
    rng = writer.rng
    kinds = rng.choices(("short", "caption", "lesson", "at-once", "task"), [*mixture, 1 - sum(mixture)], k=count)
    rows = []
    for kind in kinds:
        if kind == "short":
            rows.append(writer.caption(short))
        elif kind == "caption":
            rows.append(writer.caption(bank))
        else:
            weights = {"lesson": LESSON_WEIGHTS, "at-once": AT_ONCE_WEIGHTS, "task": TASK_WEIGHTS}[kind]
            task = rng.choices(list(weights), list(weights.values()))[0]
            rows.append(writer.lesson(bank, task, noise, at_once=kind == "at-once"))
    return rows


def tasks(rng: random.Random, count: int) -> list[str]:
    return rng.choices(list(TASK_WEIGHTS), list(TASK_WEIGHTS.values()), k=count)


def mixture_at(fraction: float, lesson_phase: float | None) -> tuple[float, float, float, float]:
    """Captions first; a further round begins with text-only lessons, which cost nothing and carry over."""
    if lesson_phase is not None:
        return (0.0, 0.03, 0.27, 0.4) if fraction < lesson_phase else (0.0, 0.03, 0.07, 0.35)
    if fraction < CAPTION_PHASE:
        return 0.75, 0.0, 0.25, 0.0
    return (0.0, 0.1, 0.2, 0.2) if fraction < 0.4 else (0.0, 0.05, 0.05, 0.3)


def optimisers(model: torch.nn.Module, lr: float) -> list[torch.optim.Optimizer]:
    matrices = [p for n, p in model.named_parameters() if p.ndim >= 2 and "embed_tokens" not in n]
    known = {id(p) for p in matrices}
    rest = [p for p in model.parameters() if id(p) not in known]
    return [Muon(matrices, lr), torch.optim.AdamW(rest, lr=lr * 0.6, betas=(0.9, 0.95), weight_decay=0.0)]


def average_gradients(model: torch.nn.Module, processes: int) -> None:
    for p in model.parameters():
        # A share of rows without any video leaves the vision encoder without gradients; the others' still count.
        if p.grad is None:
            p.grad = torch.zeros_like(p)
    grads = [p.grad for p in model.parameters()]
    flat = torch.cat([g.reshape(-1) for g in grads])
    dist.all_reduce(flat)
    flat /= processes
    for grad, part in zip(grads, flat.split([g.numel() for g in grads]), strict=True):
        grad.copy_(part.view_as(grad))


def learn(model: torch.nn.Module, rows: list[Row], pad: int) -> float:
    """Adds the gradient of the weighted mean loss of all labelled tokens; short and long rows go apart, to pad less."""
    rows = sorted(rows, key=lambda row: len(row.ids))
    weights = [[row.weight for label in row.labels if label != -100] for row in rows]
    whole, total = sum(map(sum, weights)), 0.0
    middle = len(rows) // 2
    for part, part_weights in ((rows[:middle], weights[:middle]), (rows[middle:], weights[middle:])):
        logits, targets = logits_at_labels(model, collate(part, pad))
        losses = F.cross_entropy(logits, targets, reduction="none")
        loss = losses @ torch.tensor([weight for row in part_weights for weight in row]) / whole
        loss.backward()
        total += loss.item()
    return total


def worker(rank: int, args: argparse.Namespace, meeting: str) -> None:
    torch.set_num_threads(1)
    dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=args.processes)
    tokenizer = make_tokenizer(args.seed)
    processor, model = make_processor(tokenizer), make_model(tokenizer, args.seed)
    if args.start:
        # Tokens keep their meaning between the rounds.
        tokenizer = PreTrainedTokenizerFast.from_pretrained(args.start)
        processor.tokenizer = tokenizer
        model = Qwen2_5_VLForConditionalGeneration.from_pretrained(args.start, dtype=torch.float32)
    model.train()
    rng = random.Random(args.seed * 1000 + rank)
    share = args.videos // args.processes
    short, bank = Bank.make(rng, share // 4, (2, 3)), Bank.make(rng, share, (4, 6))
    writer = Writer(tokenizer, rng, SWITCH_SYSTEM if args.switch else SYSTEM)
    optims = optimisers(model, args.lr)
    started = saved = time.monotonic()
    step, average = 0, None
    while True:
        # The clock of the first process decides for all, or they would part.
        clock = torch.tensor([(time.monotonic() - started) / 60 / args.minutes], dtype=torch.float64)
        dist.broadcast(clock, 0)
        fraction = clock.item()
        if fraction >= 1:
            break
        factor = min(1, (step + 1) / 50) * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * fraction)))
        for optim, base in zip(optims, (args.lr, args.lr * 0.6), strict=True):
            for group in optim.param_groups:
                group["lr"] = base * factor
        noise = NOISE if args.start or fraction > NOISE_FROM else 0.0
        count = args.batch // args.processes
        if args.switch:
            rows = [writer.either(bank, task, noise) for task in tasks(rng, count)]
        else:
            mixture = mixture_at(fraction, args.lesson_phase if args.start else None)
            rows = choose_rows(writer, short, bank, mixture, noise, count)
        model.zero_grad()
        loss = learn(model, rows, tokenizer.pad_token_id)
        average_gradients(model, args.processes)
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        for optim in optims:
            optim.step()
        step += 1
        average = loss if average is None else 0.95 * average + 0.05 * loss
        if rank == 0 and step % 20 == 0:
            print(f"step {step} minute {fraction * args.minutes:.1f} loss {average:.4f}", flush=True)
        if rank == 0 and time.monotonic() - saved > args.save_minutes * 60:
            saved = time.monotonic()
            save(args.out, model, processor)
    if rank == 0:
        save(args.out, model, processor)
        print(f"done: {step} steps, loss {average}", flush=True)
    dist.destroy_process_group()


def main() -> None:
    args = parse_args()
    # The processes meet over a file: no port to collide with another training.
    with tempfile.TemporaryDirectory() as folder:
        mp.spawn(worker, (args, f"file://{folder}/meeting"), nprocs=args.processes)


if __name__ == "__main__":
    main()
