"""Wire methods `train.run` (GRPO on videos, rewards from TypeScript) and `train.logprobs` (for the parity gate)."""

from __future__ import annotations

import hashlib
import json
import math
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol

import torch
from transformers import AutoConfig, TrainerCallback
from transformers.integrations import is_deepspeed_zero3_enabled

from . import checkpoints, launch
from .adapter import lora_config
from .engine import token_side, visual_tokens
from .errors import Cancelled, UserFault
from .export import engine_rollouts, export_adapter, export_policy
from .media import MediaFault
from .processor_check import load_processor
from .reward_client import PREFIX, RewardClient
from .train_config import grpo_config
from .train_samples import Encoder, Samples, order_of_rounds, read_prompts
from .weights import model_folder, weights_hash

# TRL's names of what a step event carries; TypeScript's own numbers come beside them (reward_client.PREFIX).
METRICS = {
    "loss": "loss",
    "grad_norm": "grad_norm",
    "learning_rate": "learning_rate",
    "reward_mean": "reward",
    "reward_std": "reward_std",
    "kl": "kl",
    "entropy": "entropy",
    "clip_ratio": "clip_ratio/region_mean",
    "completion_tokens": "completions/mean_length",
    "truncated": "completions/clipped_ratio",
    # With rollouts of the engine: how far its log-probs are from the trainer's, and what is made of it.
    "logp_gap_mean": "sampling/sampling_logp_difference/mean",
    "logp_gap_max": "sampling/sampling_logp_difference/max",
    "importance_ratio_min": "sampling/importance_sampling_ratio/min",
    "importance_ratio_mean": "sampling/importance_sampling_ratio/mean",
    "importance_ratio_max": "sampling/importance_sampling_ratio/max",
}


class Host(Protocol):
    """The caller's side of a running call (vauto_worker.host)."""

    def emit(self, name: str, payload: dict[str, Any]) -> None: ...

    def ask(self, name: str, payload: dict[str, Any]) -> dict[str, Any]: ...

    def cancelled(self) -> bool: ...


def run(params: dict[str, Any], host: Host) -> dict[str, Any]:
    """Trains to the last step, from the newest checkpoint of the same training on; {checkpoint, steps, step}, the step
    whose policy it ends with.

    With `processes` or `accelerate` in processes of its own. Raises UserFault for what a recipe can mend, Cancelled
    (after a checkpoint) when the call was cancelled.
    """
    return launch.run(params) if launch.is_launched(params) else train_here(params, host)


def train_here(params: dict[str, Any], host: Host) -> dict[str, Any]:
    """`run` in this process, which may be one of several."""
    folder = Path(model_folder(params["model"]))
    rows = read_prompts(params["prompts_file"])
    params = {"steps_per_round": 1, **params}
    trainer = make_trainer(folder, params, host, rows)
    output = Path(params["output_dir"])
    refuse_sharded_adapter(trainer, params)
    if params.get("generation") == "engine":
        trainer.generate_by(engine_rollouts(trainer, host, params, folder, output / "handover"))
    start = checkpoints.newest(output, trainer.fingerprint)
    if start is None or checkpoints.step_of(start) < params["steps"]:
        with memory_named():
            trainer.train(resume_from_checkpoint=None if start is None else str(start))
        if trainer.state.global_step < params["steps"]:
            raise Cancelled(f"training stopped after step {trainer.state.global_step}")
    else:
        trainer._load_from_checkpoint(str(start))
    best = checkpoints.best(output, trainer.fingerprint) if params.get("best") else None
    if best is not None:
        trainer._load_from_checkpoint(str(best))
    policy = Path(params.get("policy_dir") or output / "policy")
    export_policy(trainer, folder, policy)
    if params.get("lora"):
        export_adapter(trainer, policy.with_name("adapter"))
    if trainer.rollouts is not None:
        trainer.rollouts.close()
    ends_with = params["steps"] if best is None else checkpoints.step_of(best)
    return {"checkpoint": str(policy), "steps": params["steps"], "step": ends_with}


@contextmanager
def memory_named() -> Iterator[None]:
    """Raises UserFault where the memory of the device did not suffice."""
    try:
        yield
    except (torch.OutOfMemoryError, MemoryError) as error:
        told = str(error).strip().splitlines()[:1]
        raise UserFault(
            "out-of-memory",
            f"the training ran out of memory{''.join(f': {line}' for line in told)}",
            "lower train.trl.per_device_train_batch_size (gradients are then accumulated, with the same result), set "
            "train.trl.gradient_checkpointing, or lower video.totalTokens; training continues from the last checkpoint",
            "dependency",
        ) from error


def refuse_sharded_adapter(trainer: Any, params: dict[str, Any]) -> None:
    """Raises UserFault: an adapter is added to whole weights, which no process has when they are shared out."""
    if params.get("lora") and (trainer.is_fsdp_enabled or is_deepspeed_zero3_enabled()):
        fix = "remove train.accelerate, or train.lora: an adapter leaves little to share out"
        raise UserFault("lora-sharded", "train.lora does not go with FSDP or ZeRO stage 3 yet", fix, "recipe")


def logprobs(params: dict[str, Any], host: Host) -> dict[str, Any]:
    """How the trainer sees completions: {items: [{prompt_token_ids, visual_grid, media, logprobs}]}.

    Raises UserFault.
    """
    folder = Path(model_folder(params["model"]))
    rows = [{**sample, "id": str(number)} for number, sample in enumerate(params["samples"])]
    with tempfile.TemporaryDirectory() as scratch:
        settings = {**NEUTRAL, "output_dir": scratch, "video_budget": params["video_budget"], "trl": params.get("trl")}
        trainer = make_trainer(folder, settings, host, rows)
        try:
            scores = trainer.completion_logps([row["id"] for row in rows], [row["token_ids"] for row in rows])
        except MediaFault as fault:
            raise UserFault(f"media-{fault.code}", fault.message, kind="data") from fault
    items = [
        {
            "prompt_token_ids": trainer.samples[row["id"]].ids,
            "visual_grid": visual_grid(trainer.samples[row["id"]], row["media"]),
            "media": trainer.media_view(row["id"], [entry["kind"] for entry in row["media"]]),
            "logprobs": score,
        }
        for row, score in zip(rows, scores, strict=True)
    ]
    return {"items": items}


# A training that is never started: only its model is asked. Temperature 1: log-probs as the engine reports them.
NEUTRAL = {
    "seed": 0,
    "steps": 1,
    "prompts_per_step": 1,
    "steps_per_round": 1,
    "group_size": 2,
    "learning_rate": 0.0,
    "beta": 0.0,
    "temperature": 1.0,
    "max_completion_tokens": 1,
    "save_every": 1,
}


def make_trainer(folder: Path, params: dict[str, Any], host: Host, rows: list[dict[str, Any]]) -> Any:
    """The trainer with its model, dataset of prompt ids, reward client and reporter."""
    from datasets import Dataset

    from .video_grpo import VideoGrpoTrainer

    model_config = AutoConfig.from_pretrained(folder)
    config = grpo_config(params, sorted(visual_tokens(model_config)))
    processor = load_processor(folder, model_config, config.trust_remote_code)
    encode = Encoder(processor, params["video_budget"], token_side(str(folder)))
    limit = params.get("max_prompt_tokens")
    samples = Samples(rows, encode, lambda *fault: report_skipped(host, *fault), limit)
    per_round = params["prompts_per_step"] * params["steps_per_round"]
    rounds = math.ceil(params["steps"] / params["steps_per_round"])
    order = order_of_rounds(list(samples.rows), rounds, per_round, params["seed"])
    part = config.process_index * config.per_device_train_batch_size * config.steps_per_generation
    reward = RewardClient(host, processor.tokenizer, params["group_size"], part if config.world_size > 1 else None)
    trainer = VideoGrpoTrainer(
        samples=samples,
        fingerprint=fingerprint(params, folder, rows),
        model=str(folder),
        reward_funcs=reward,
        args=config,
        train_dataset=Dataset.from_dict({"prompt": order}),
        processing_class=processor,
        peft_config=lora_config(params["lora"], model_config) if params.get("lora") else None,
    )
    reward.end_ids = frozenset(trainer.eos_token_ids)
    reward.total = trainer.ranks.total
    # Rollouts of older weights rightly have other log-probs; then the hand-over is what is checked.
    tolerance = None if params.get("ahead") else params.get("parity_tolerance")
    trainer.add_callback(StepReporter(host, trainer, reward, tolerance))
    if params.get("best"):
        trainer.add_callback(Scorer(trainer, params["best"]))
    return trainer


def report_skipped(host: Host, prompt_id: str, code: str, message: str) -> None:
    text = f"prompt {prompt_id} is left out of training: {message}"
    host.emit("warning", {"message": text, "prompt_id": prompt_id, "code": code})


class StepReporter(TrainerCallback):
    """Events to TypeScript, the stop on cancellation, a checkpoint at the end whatever `save_every`.

    Within a round there are no checkpoints: its rollouts are not kept.
    """

    def __init__(self, host: Host, trainer: Any, reward: RewardClient, tolerance: float | None):
        self.host = host
        self.tolerance = tolerance
        self.trainer = trainer
        self.reward = reward
        self.started = time.perf_counter()
        #: Of the round under way: tokens, and seconds of its steps so far.
        self.generated, self.spent = 0.0, 0.0

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        self.started = time.perf_counter()
        self.trainer.seconds.clear()
        self.reward.seconds, self.reward.ungraded = 0.0, 0

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        if self.trainer.ranks.any(self.host.cancelled()):
            control.should_training_stop = True
        if control.should_training_stop:
            control.should_save = self.round_ends(args) or state.global_step >= state.max_steps

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **_: Any) -> None:
        if "loss" not in logs:
            return
        if not math.isfinite(logs.get("grad_norm", 0.0)):
            raise UserFault(
                "gradient-not-finite",
                f"the gradient norm of step {state.global_step} is {logs['grad_norm']}",
                "lower train.learningRate; training continues from the last checkpoint",
                "check",
            )
        self.check_parity(state.global_step, logs.get(METRICS["logp_gap_max"]))
        self.host.emit("step", {"step": state.global_step, **self.metrics(logs, args)})

    def check_parity(self, step: int, gap: float | None) -> None:
        """The parity gate after each hand-over: old weights in the engine give the same token another log-prob."""
        if gap is None or self.tolerance is None or gap <= self.tolerance:
            return
        raise UserFault(
            "parity",
            f"engine and trainer disagree in step {step}: one token's log-probs differ by {gap:.2e}",
            "docs/training.md lists known causes; train.generation transformers needs no engine",
            "check",
        )

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        path = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        self.host.emit("saved", {"step": state.global_step, "path": str(path)})

    def metrics(self, logs: dict[str, Any], args: Any) -> dict[str, float | None]:
        """TRL's numbers under vauto's names, TypeScript's, and where the seconds went."""
        seconds = self.split_seconds()
        return {
            **{name: logs[source] for name, source in METRICS.items() if source in logs},
            **{name.removeprefix(PREFIX): value for name, value in logs.items() if name.startswith(PREFIX)},
            "ungraded": self.reward.ungraded,
            **seconds,
            **self.throughput(logs, seconds["seconds"], args),
        }

    def split_seconds(self) -> dict[str, float]:
        """Of this step. On CUDA, which is not waited for, what `forward` started may be paid for in `backward`."""
        whole, part = time.perf_counter() - self.started, self.trainer.seconds
        return {
            "seconds": whole,
            "generate_seconds": part["generate"],
            "reward_seconds": self.reward.seconds,
            "score_seconds": part["prepare"] - part["generate"] - self.reward.seconds,
            "forward_seconds": part["forward"],
            "backward_seconds": part["step"] - part["prepare"] - part["forward"],
            "other_seconds": whole - part["step"],
        }

    def throughput(self, logs: dict[str, Any], seconds: float, args: Any) -> dict[str, float]:
        """Generated tokens of a round over the seconds of its steps, at the last of them."""
        length = logs.get(METRICS["completion_tokens"])
        if length is not None:
            self.generated, self.spent = length * args.generation_batch_size, 0.0
        self.spent += seconds
        return {"tokens_per_second": self.generated / self.spent} if self.round_ends(args) else {}

    def round_ends(self, args: Any) -> bool:
        return self.trainer.state.global_step % (args.steps_per_generation // args.gradient_accumulation_steps) == 0


class Scorer(TrainerCallback):
    """Gives each checkpoint the mean of a number over the steps since the one before it."""

    def __init__(self, trainer: Any, name: str):
        self.trainer = trainer
        self.source = METRICS.get(name, PREFIX + name)
        self.values: list[float] = []

    def on_log(self, args: Any, state: Any, control: Any, logs: dict[str, Any], **_: Any) -> None:
        value = logs.get(self.source)
        if value is not None and math.isfinite(value):
            self.values.append(value)
        self.trainer.score = sum(self.values) / len(self.values) if self.values else None

    def on_save(self, *_: Any, **__: Any) -> None:
        self.values.clear()


def fingerprint(params: dict[str, Any], folder: Path, rows: list[dict[str, Any]]) -> str:
    """What must agree for a checkpoint to be continued: everything but places and how often to save."""
    places = ("model", "output_dir", "policy_dir", "prompts_file", "save_every", "keep_checkpoints", "accelerate")
    settings = {name: value for name, value in params.items() if name not in places}
    prompts = [{**row, "media": [{**item, "path": ""} for item in row["media"]]} for row in rows]
    content = json.dumps([settings, prompts, weights_hash(str(folder))], sort_keys=True)
    return hashlib.sha256(content.encode()).hexdigest()


def visual_grid(sample: Any, entries: list[dict[str, Any]]) -> list[list[int]]:
    """[time, height, width] in patches per medium, in the order of the prompt."""
    grids = {
        "image": iter(sample.media.get("image_grid_thw", ())),
        "video": iter(sample.media.get("video_grid_thw", ())),
    }
    return [next(grids[entry["kind"]]).tolist() for entry in entries]
