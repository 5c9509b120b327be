"""What a training tells of its steps: numbers, checkpoints, the stop when nobody waits for it any more."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import Any, Protocol

from transformers import TrainerCallback

from .errors import UserFault
from .reward_client import PREFIX, RewardClient

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
