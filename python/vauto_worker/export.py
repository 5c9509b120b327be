"""The policy of a training for others: as a model folder, and to the engine that makes its rollouts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from accelerate.utils.memory import clear_device_cache
from peft import PeftModel

from . import checkpoints
from .adapter import save_merged
from .engine_rollouts import Asking, EngineRollouts
from .errors import UserFault
from .ranks import LeadHost, usable

# What the engine's log-probs are of: the model's own distribution, cut by nothing.
PLAIN_SAMPLING = {"top_p": 1.0, "top_k": 0, "min_p": None, "repetition_penalty": 1.0}


def export_policy(trainer: Any, source: Path, target: Path) -> None:
    """The trained model as an ordinary folder for transformers and vLLM: new weights, all else as in `source`.

    An adapter is added to the weights. Collective: the first process writes, the others give what they hold of them.
    """
    adapted = isinstance(trainer.model, PeftModel)
    with checkpoints.written_by_lead(target, trainer.ranks) as draft:
        if not adapted:
            trainer.save_model(str(draft))
        if not trainer.ranks.lead:
            return
        if adapted:
            save_merged(trainer.model, draft)
        (draft / "training_args.bin").unlink(missing_ok=True)
        checkpoints.copy_companions(source, draft)


def export_adapter(trainer: Any, target: Path) -> None:
    """The adapter alone. Collective."""
    with checkpoints.written_by_lead(target, trainer.ranks) as draft:
        if trainer.ranks.lead:
            trainer.model.save_pretrained(str(draft))


class EnginePolicy:
    """The trainer as its engine knows it."""

    def __init__(self, trainer: Any, source: Path, params: dict[str, Any]):
        self.trainer = trainer
        self.source = source
        self.params = params
        self.completion_logps = trainer.completion_logps

    def export(self, folder: Path) -> None:
        export_policy(self.trainer, self.source, folder)

    def make_room(self) -> None:
        if self.params.get("sleep"):
            clear_device_cache(garbage_collection=True)

    def upcoming(self, step: int) -> list[str]:
        per_step, group = self.params["prompts_per_step"], self.params["group_size"]
        first = (step + self.params["steps_per_round"]) * per_step
        prompts = self.trainer.train_dataset["prompt"][first : first + self.params["steps_per_round"] * per_step]
        wanted = [prompt_id for prompt_id in prompts for _ in range(group)]
        return usable(self.trainer.samples, self.trainer.ranks, wanted, keep=self.trainer.rows)


def engine_rollouts(trainer: Any, host: Asking, params: dict[str, Any], source: Path, folder: Path) -> EngineRollouts:
    """Raises UserFault for what only `transformers` generation can do so far."""
    given = [name for name, plain in PLAIN_SAMPLING.items() if getattr(trainer.args, name) != plain]
    if given:
        fix = f"remove {given[0]}, or set train.generation to transformers"
        raise UserFault("engine-sampling", f"train.trl.{given[0]}: the engine samples without it", fix, "recipe")
    folder.mkdir(parents=True, exist_ok=True)
    end_id = min(trainer.eos_token_ids)
    lag = params["steps_per_round"] if params.get("ahead") else 0
    checked = params.get("parity_samples", 0)
    return EngineRollouts(
        LeadHost(host, trainer.ranks), folder, EnginePolicy(trainer, source, params), end_id, lag, checked
    )
