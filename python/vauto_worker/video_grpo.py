"""TRL's GRPO trainer for prompts with videos, images and text mixed in one batch.

TRL 1.16 passes images but not videos: its tokenising, log-prob pass and batch splitting know `pixel_values` only, so it
would generate with a video and then train without it. Here the dataset carries prompt ids alone; wherever TRL calls the
model, the media of the rows in hand are added. Nothing of TRL is copied; test_train_overrides.py holds the overridden
signatures.
"""

from __future__ import annotations

import shutil
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from itertools import islice
from pathlib import Path
from typing import Any

import torch
from peft import PeftModel
from trl import GRPOTrainer

from . import checkpoints
from .adapter import is_frozen
from .engine_rollouts import EngineRollouts, Round
from .errors import UserFault
from .importance import correct, repeats_the_loss, without_forced
from .media_view import describe_media, scale_of
from .positions import use_engine_positions
from .ranks import Ranks, usable
from .shared_media import SharedMedia
from .train_samples import Sample, Samples, token_types
from .vision_attention import batch_windows


class VideoGrpoTrainer(GRPOTrainer):
    """GRPOTrainer whose `train_dataset` has one column, `prompt`, of ids in `samples`.

    `fingerprint` goes into every checkpoint (checkpoints.py). `seconds` sums the time of this step's parts. With
    `generate_by` completions come from the engine, a round of them before TRL asks.
    """

    def __init__(self, *, samples: Samples, fingerprint: str = "", **trl: Any):
        super().__init__(**trl)
        self.ranks = Ranks(self.accelerator)
        self.rollouts: EngineRollouts | None = None
        self.round: Round | None = None
        #: What the loss works on, where the importance ratio is computed in it.
        self.uncorrected: dict[str, Any] | None = None
        self.samples = samples
        self.fingerprint = fingerprint
        #: How good the policy is, for the next checkpoint (`train.best`).
        self.score: float | None = None
        self.rows: list[str] = []
        self.seconds: dict[str, float] = defaultdict(float)
        self.draft: Path | None = None
        self.media = SharedMedia()
        freeze_vision_encoder(self.model)
        for model in (self.model, self.ref_model):
            if model is not None:
                use_engine_positions(model)
                batch_windows(model)
                self.media.install(model)

    def _tokenize_prompts(self, prompts: list):
        samples = [self.samples[prompt_id] for prompt_id in prompts]
        fields: dict[str, Any] = self.media.inputs(samples)
        if fields:
            config = self.model.config
            fields["mm_token_type_ids"] = [token_types(torch.tensor(s.ids), config).tolist() for s in samples]
        # No `images`: TRL would process them itself and leave the videos out.
        return [sample.ids for sample in samples], None, fields

    def _generate_single_turn(self, *args: Any, **kwargs: Any):
        if self.round is not None:
            return self.round.ids, self.round.logprobs
        with self.timed("generate"), without_dropout(self.model):
            return super()._generate_single_turn(*args, **kwargs)

    def generate_by(self, rollouts: EngineRollouts) -> None:
        """Completions come from the engine; TRL then corrects for what its log-probs differ from the trainer's."""
        self.rollouts = rollouts
        # As TRL's own vLLM: old log-probs are computed, and the importance-sampling correction applied.
        self.use_vllm, self.vllm_mode = True, "engine"

    def training_step(self, *args: Any, **kwargs: Any):
        with self.timed("step"):
            return super().training_step(*args, **kwargs)

    def _prepare_inputs(self, generation_batch: Any):
        with self.timed("prepare"):
            return super()._prepare_inputs(generation_batch)

    def _generate_and_score_completions(self, inputs: list):
        wanted = usable(self.samples, self.ranks, self.ranks.everyones([row["prompt"] for row in inputs]))
        self.rows = self.ranks.own(wanted)
        if self.rollouts is not None:
            with self.timed("generate"):
                self.round = self.rollouts(wanted, self.state.global_step).part(self.ranks.own)
            self.rows = self.round.rows
        inputs = [row | {"prompt": prompt_id} for row, prompt_id in zip(inputs, self.rows, strict=True)]
        with self.without_scoring():
            output = super()._generate_and_score_completions(inputs)
        # A list beside the tensors: TRL shuffles and splits it along with them.
        output |= {"row_ids": self.rows}
        if self.round is not None:
            output["forced"] = torch.tensor(self.round.forced, device=output["completion_mask"].device)
            if any(self.ranks.everyones(self.round.forced)):
                without_forced(self, output, self._metrics["train"])
        return output

    def _compute_loss(self, model: Any, inputs: dict):
        self.rows = inputs["row_ids"]
        self.uncorrected = inputs if self.corrects_in_loss else None
        try:
            with self.timed("forward"):
                loss = super()._compute_loss(model, inputs)
        finally:
            self.uncorrected = None
        if not torch.isfinite(loss):
            raise UserFault(
                "loss-not-finite",
                f"the loss of step {self.state.global_step + 1} is {loss.item()}",
                "lower train.learningRate, or set train.trl.max_grad_norm; training continues from the last checkpoint",
                "check",
            )
        return loss

    def _get_per_token_logps_and_entropies(self, model: Any, *args: Any, **kwargs: Any):
        samples = [self.samples[prompt_id] for prompt_id in self.rows]
        with_media = MediaCalls(model, self.model.config, self.media, samples)
        # Old and reference log-probs are those of the policy that the rollouts came from, which has no dropout.
        with nullcontext() if torch.is_grad_enabled() else without_dropout(self.model):
            logps, *others = super()._get_per_token_logps_and_entropies(with_media, *args, **kwargs)
        if self.uncorrected is not None:
            correct(self, logps.detach(), self.uncorrected, self._metrics["train"])
        return logps, *others

    @property
    def corrects_in_loss(self) -> bool:
        """With dropout the loss has other log-probs than the policy that is scored: then TRL's own pass is needed."""
        engine = self.rollouts is not None and self.vllm_importance_sampling_correction
        return engine and repeats_the_loss(self.args) and not has_dropout(self.model)

    @contextmanager
    def without_scoring(self) -> Iterator[None]:
        """TRL leaves out its scoring pass where the loss makes up for it."""
        asked = self.vllm_importance_sampling_correction
        self.vllm_importance_sampling_correction = asked and not self.corrects_in_loss
        try:
            yield
        finally:
            self.vllm_importance_sampling_correction = asked

    def _save_checkpoint(self, model: Any, trial: Any):
        if self.rollouts is not None:
            self.rollouts.settle()
        target = Path(self.args.output_dir) / f"checkpoint-{self.state.global_step}"
        draft = target.with_name(".checkpoint.writing")
        if self.args.should_save:
            shutil.rmtree(draft, ignore_errors=True)
        self.accelerator.wait_for_everyone()
        self.draft = draft
        try:
            super()._save_checkpoint(model, trial)
        finally:
            self.draft = None
        self.accelerator.wait_for_everyone()
        if self.args.should_save:
            checkpoints.write_stamp(draft / target.name, self.fingerprint, self.score)
            checkpoints.publish(draft / target.name, target)
            draft.rmdir()
            best = checkpoints.best(target.parent, self.fingerprint)
            checkpoints.prune(target.parent, self.args.save_total_limit, spared=best)
        self.accelerator.wait_for_everyone()

    def _load_from_checkpoint(self, resume_from_checkpoint: str, model: Any = None):
        # transformers 5.17 saves weights under the hub's names and loads them here under its own: with nothing but a
        # warning every weight would stay that of the first model. `from_pretrained` knows both.
        if self.is_fsdp_enabled or isinstance(self.model, PeftModel):
            return super()._load_from_checkpoint(resume_from_checkpoint, model)
        saved = type(self.model).from_pretrained(resume_from_checkpoint, dtype=self.model.dtype)
        self.model.load_state_dict(saved.state_dict())

    def _get_output_dir(self, trial: Any) -> str:
        return super()._get_output_dir(trial) if self.draft is None else str(self.draft)

    def create_model_card(self, *args: Any, **kwargs: Any) -> None:
        """None: a run describes itself in its own report."""

    def completion_logps(self, prompt_ids: Sequence[str], completions: Sequence[list[int]]) -> list[list[float]]:
        """Log-probs of given completion tokens, by the code of the loss, one row at a time."""
        result = []
        for prompt_id, completion in zip(prompt_ids, completions, strict=True):
            self.rows = [prompt_id]
            ids = torch.tensor([[*self.samples[prompt_id].ids, *completion]], device=self.accelerator.device)
            with torch.no_grad():
                logps, *_ = self._get_per_token_logps_and_entropies(
                    self.model, ids, torch.ones_like(ids), len(completion)
                )
            result.append(logps[0].tolist())
        return result

    def media_view(self, prompt_id: str, kinds: Sequence[str]) -> list[dict[str, Any]]:
        """What the model is given of a prompt's media, for comparison with the engine (media_view)."""
        sample = self.samples[prompt_id]
        scale = scale_of(self.processing_class)
        positions = self.prompt_positions(sample)
        return describe_media(sample.split(kinds), sample.ids, positions, self.model.config, scale)

    def prompt_positions(self, sample: Sample) -> torch.Tensor | None:
        """Rotary positions [3, length] as the model itself makes them; None for models that have no such."""
        inner = next((part for part in self.model.modules() if hasattr(part, "get_rope_index")), None)
        if inner is None or not sample.media:
            return None
        ids = torch.tensor([sample.ids])
        fields = {name: value for name, value in sample.media.items() if "pixel" not in name}
        fields |= {"mm_token_type_ids": token_types(ids, self.model.config), "attention_mask": torch.ones_like(ids)}
        return inner.get_rope_index(input_ids=ids, **fields)[0][:, 0]

    @contextmanager
    def timed(self, part: str) -> Iterator[None]:
        started = time.perf_counter()
        try:
            yield
        finally:
            self.seconds[part] += time.perf_counter() - started


class MediaCalls:
    """A model as TRL calls it, batch after batch of consecutive rows, with the media of those rows added."""

    def __init__(self, model: Callable[..., Any], config: Any, media: SharedMedia, samples: Sequence[Sample]):
        self.model = model
        self.config = config
        self.media = media
        self.following = iter(samples)

    def __call__(self, *, input_ids: torch.Tensor, **inputs: Any) -> Any:
        fields = self.media.inputs(list(islice(self.following, len(input_ids))))
        if fields:
            fields = {name: tensor.to(input_ids.device) for name, tensor in fields.items()}
            fields["mm_token_type_ids"] = token_types(input_ids, self.config)
        return self.model(input_ids=input_ids, **inputs, **fields)


@contextmanager
def without_dropout(model: torch.nn.Module) -> Iterator[None]:
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)


def has_dropout(model: torch.nn.Module) -> bool:
    return any(isinstance(module, torch.nn.Dropout) and module.p > 0 for module in model.modules())


def freeze_vision_encoder(model: torch.nn.Module) -> None:
    """The encoder keeps its weights; the projector and the language model train (paper, section 4.1)."""
    for name, parameter in model.named_parameters():
        if is_frozen(name):
            parameter.requires_grad_(False)
