"""Importance sampling between engine and trainer, computed where the loss has the trainer's log-probs anyway.

TRL makes a forward pass of its own for it when completions come from vLLM. In a round of one step that pass repeats the
one of the loss: the policy that scores and the policy that learns are the same. test_train_importance.py holds these
numbers against TRL's.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch

GAP = "sampling/sampling_logp_difference"
RATIO = "sampling/importance_sampling_ratio"


def repeats_the_loss(args: Any) -> bool:
    """Whether TRL's scoring pass would see the policy of the loss: one optimiser step takes the whole round."""
    batches = args.steps_per_generation * args.num_iterations
    return args.gradient_accumulation_steps % batches == 0 and args.loss_type != "vespo"


def importance_ratio(difference: torch.Tensor, mode: str, low: float | None, high: float | None) -> torch.Tensor:
    """Ratios of trainer to engine from differences of log-probs [batch, tokens], as GRPOConfig's modes name them.

    `token_*`: a ratio for each token; `sequence_*`: one for each completion, [batch, 1]. `*_truncate` cuts ratios to
    [low, high], `*_mask` makes those outside it 0.
    """
    level, _, limit = mode.partition("_")
    ratio = (difference.sum(-1, keepdim=True) if level == "sequence" else difference).exp()
    low, high = -math.inf if low is None else low, math.inf if high is None else high
    if limit == "truncate":
        return ratio.clamp(low, high)
    return ratio.where((ratio >= low) & (ratio <= high), torch.zeros_like(ratio))


def correct(trainer: Any, logps: torch.Tensor, inputs: dict[str, Any], metrics: dict[str, list[float]]) -> None:
    """Puts the ratio into the `inputs` of the loss and its size into TRL's `metrics`, one number a step."""
    mask = inputs["completion_mask"].bool()
    # A token that the engine did not score is not corrected.
    difference = torch.nan_to_num((logps - inputs["sampling_per_token_logps"]) * mask, nan=0.0)
    ratio = importance_ratio(
        difference,
        trainer.vllm_importance_sampling_mode,
        trainer.vllm_importance_sampling_clip_min,
        trainer.vllm_importance_sampling_clip_max,
    )
    inputs["importance_sampling_ratio"] = ratio
    gaps = difference.abs()[sampled(mask, inputs)]
    ratios = ratio[mask] if ratio.shape == mask.shape else ratio.flatten()
    # Asked of all processes even by one that has nothing to add: they wait for each other.
    every = trainer.ranks.rows([*extent(gaps), *extent(ratios)])
    gap_count, gap_sum, _, gap_max, count, total, low, high = every.unbind(1)
    if gap_count.sum() == 0:
        return
    metrics[f"{GAP}/mean"].append((gap_sum.sum() / gap_count.sum()).item())
    metrics[f"{RATIO}/mean"].append((total.sum() / count.sum()).item())
    fold(metrics[f"{GAP}/max"], max, gap_max.max().item())
    fold(metrics[f"{RATIO}/min"], min, low.min().item())
    fold(metrics[f"{RATIO}/max"], max, high.max().item())


def sampled(mask: torch.Tensor, inputs: dict[str, Any]) -> torch.Tensor:
    """The tokens in `mask` [batch, tokens] that the engine sampled.

    Those that a completion was made to begin with (`forced`, a count a row) have the log-prob of the choice: how far
    the trainer's is from it says how likely the policy begins so, not how well engine and trainer agree.
    """
    return mask & (torch.arange(mask.shape[1], device=mask.device) >= inputs["forced"][:, None])


def without_forced(trainer: Any, output: dict[str, Any], metrics: dict[str, list[float]]) -> None:
    """Puts the gap of the sampled tokens alone in the place of the one that TRL took of all, where it scored them."""
    if GAP + "/max" not in metrics or "importance_sampling_ratio" not in output:
        return
    mask = sampled(output["completion_mask"].bool(), output)
    gaps = (output["old_per_token_logps"] - output["sampling_per_token_logps"]).abs()[mask]
    gaps = gaps[~gaps.isnan()]
    count, total, _, largest = trainer.ranks.rows(extent(gaps)).unbind(1)
    if count.sum() == 0:
        return
    metrics[f"{GAP}/mean"][-1] = (total.sum() / count.sum()).item()
    metrics[f"{GAP}/max"][-1] = largest.max().item()


def extent(values: torch.Tensor) -> tuple[float, float, float, float]:
    """Count, sum, minimum and maximum."""
    if values.numel() == 0:
        return 0, 0.0, math.inf, -math.inf
    return values.numel(), values.double().sum().item(), values.min().item(), values.max().item()


def fold(values: list[float], choose: Callable[..., float], value: float) -> None:
    """TRL reports the mean of a list: an extreme over several batches has to be its only entry."""
    values[:] = [choose([*values, value])]
