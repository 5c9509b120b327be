"""TRL's configuration from the wire's `train.run` parameters: vauto's defaults, the recipe's `train.trl` on top."""

from __future__ import annotations

import difflib
import os
from dataclasses import fields
from typing import Any

from .engine import library_version, on_cpu
from .errors import UserFault

# GRPOConfig fields that have a place of their own in the recipe, and it.
OWN_FIELDS = {
    "seed": "seed",
    "max_steps": "train.steps",
    "num_generations": "train.groupSize",
    "learning_rate": "train.learningRate",
    "beta": "train.beta",
    "temperature": "train.temperature",
    "max_completion_length": "train.maxCompletionTokens",
    "save_steps": "train.saveEvery",
    "save_total_limit": "train.keepCheckpoints",
    "metric_for_best_model": "train.best",
    "steps_per_generation": "train.stepsPerRound",
    "generation_batch_size": "train.stepsPerRound",
}
# Fields that vauto depends on, and why.
FIXED_FIELDS = {
    "output_dir": "checkpoints go into the run folder",
    "use_vllm": "the trainer generates with transformers",
    "shuffle_dataset": "vauto orders the prompts itself, so that a resumed training sees the same ones",
    "save_strategy": "set train.saveEvery instead",
    "remove_unused_columns": "the dataset has nothing but prompt ids",
    "logging_steps": "every step is recorded",
    "logging_nan_inf_filter": "a loss that is not a number ends the training",
}


def grpo_config(parameters: dict[str, Any], suppressed: list[int]) -> Any:
    """GRPOConfig of a training. Raises UserFault for a field or value that TRL does not take.

    `suppressed`: tokens never sampled, those that stand for pictures.
    """
    from trl import GRPOConfig

    given = dict(parameters.get("trl") or {})
    check_fields(given)
    generation = {"suppress_tokens": suppressed} | (given.pop("generation_kwargs", None) or {})
    chosen = defaults() | step_sizes(parameters, given) | given
    optional = {"epsilon": parameters.get("epsilon"), "loss_type": parameters.get("loss_type")}
    chosen |= {name: value for name, value in optional.items() if value is not None}
    try:
        return GRPOConfig(**chosen, **own(parameters), generation_kwargs=generation)
    except (ValueError, TypeError) as error:
        raise UserFault("trl-value", f"train.trl: TRL refuses it: {error}", "see TRL's GRPOConfig", "recipe") from error


def own(parameters: dict[str, Any]) -> dict[str, Any]:
    """The fields that no recipe sets through `train.trl`."""
    return {
        "output_dir": parameters["output_dir"],
        "seed": parameters["seed"],
        "max_steps": parameters["steps"],
        "num_generations": parameters["group_size"],
        "learning_rate": parameters["learning_rate"],
        "beta": parameters["beta"],
        "temperature": parameters["temperature"],
        "max_completion_length": parameters["max_completion_tokens"],
        "save_steps": parameters["save_every"],
        "save_strategy": "steps",
        "save_total_limit": parameters.get("keep_checkpoints", 2),
        "shuffle_dataset": False,
        "remove_unused_columns": False,
        "logging_steps": 1,
        "logging_nan_inf_filter": False,
    }


def defaults() -> dict[str, Any]:
    """As in the paper (appendix B): weight decay 0.01, clipping at 1, no warm-up; on a CPU float32 throughout."""
    everywhere = {
        "lr_scheduler_type": "constant",
        "weight_decay": 0.01,
        "max_grad_norm": 1.0,
        "report_to": "none",
        "disable_tqdm": True,
    }
    # A process may wait long for one that makes rollouts or asks for rewards; and a batch of text alone does not use
    # the projector, whose gradient the others would wait for.
    several = {"ddp_timeout": 7200, "ddp_find_unused_parameters": True}
    on_this = {"use_cpu": True, "bf16": False, "gradient_checkpointing": False, "dataloader_pin_memory": False}
    return everywhere | (on_this if on_cpu() else {}) | (several if world_size() > 1 else {})


def step_sizes(parameters: dict[str, Any], given: dict[str, Any]) -> dict[str, Any]:
    """How a step's rollouts are cut into batches: `per_device_train_batch_size` may be given, the rest follows.

    TRL counts a generation round in batches, vauto and the paper in optimiser steps.
    """
    rollouts = parameters["prompts_per_step"] * parameters["group_size"]
    processes = world_size()
    size = given.get("per_device_train_batch_size", rollouts // processes)
    if size < 1 or rollouts % (size * processes):
        raise UserFault(
            "batch-size",
            f"a step has {rollouts} rollouts, which {processes} processes with batches of {size} do not divide evenly",
            "choose train.trl.per_device_train_batch_size so that it divides promptsPerStep × groupSize / processes",
            "recipe",
        )
    accumulated = rollouts // (size * processes)
    return {
        "per_device_train_batch_size": size,
        "gradient_accumulation_steps": accumulated,
        "steps_per_generation": accumulated * parameters.get("steps_per_round", 1),
    }


def world_size() -> int:
    return int(os.environ.get("WORLD_SIZE", "1"))


def check_fields(given: dict[str, Any]) -> None:
    """Raises UserFault for a field that TRL does not have or the recipe sets elsewhere."""
    from trl import GRPOConfig

    known = sorted(entry.name for entry in fields(GRPOConfig) if entry.init)
    for name in given:
        if name in OWN_FIELDS:
            raise refused(name, "has its own place in the recipe", f"set {OWN_FIELDS[name]} instead")
        if name in FIXED_FIELDS:
            raise refused(name, f"cannot be set: {FIXED_FIELDS[name]}", "leave it out")
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            fix = f"did you mean {near[0]}?" if near else "see TRL's GRPOConfig for the names"
            raise refused(name, f"TRL {library_version('trl')} has no such field", fix)


def refused(name: str, why: str, fix: str) -> UserFault:
    return UserFault("trl-field", f"train.trl.{name}: {why}", fix, "recipe")
