"""vLLM in this process: bringing it up, putting new weights in, turning messages and media into its prompts."""

from __future__ import annotations

import difflib
import gc
import logging
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from . import media
from .chat import check_media, prompt_text
from .errors import UserFault
from .tokens import Detokenizer
from .video_budget import DEFAULT_FACTOR, VideoBudget, engine_processor_kwargs
from .weights import model_folder, weights_bytes, weights_hash

# Arguments that have a place of their own in the recipe, and it.
OWN_ARGUMENTS = {
    "model": "model.path",
    "revision": "model.revision",
    "trust_remote_code": "model.trustRemoteCode",
    "seed": "seed",
}
EARLY_EXIT = "vauto_worker.early_exit:EarlyExit"
CACHED_SEQUENCES = 64
MOST_CACHE_BYTES = 4 * 2**30
ONE_THREAD_BYTES = 64 * 2**20
SPECIAL_CONFIG_TOKENS = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")


class RequestFault(Exception):
    """A request that the engine cannot take, as data. `code`: media | too-long | engine."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass
class Engine:
    """A running vLLM with what its answers depend on."""

    core: Any
    folder: str
    weights: str
    budget: VideoBudget
    factor: int
    import_seconds: float
    load_seconds: float
    detokenizer: Detokenizer
    suppressed: dict[int, float]
    parameters: dict[str, Any]
    #: Whether the processor of early_exit/ runs in it.
    exits_early: bool
    prompts: dict[str, list[int]] = field(default_factory=dict)
    #: Its device memory is given away until it is woken.
    asleep: bool = False

    @property
    def tokenizer(self) -> Any:
        return self.core.get_tokenizer()

    @property
    def max_model_len(self) -> int:
        return self.core.model_config.max_model_len

    @property
    def most_at_once(self) -> int:
        """Requests that the engine runs together; the others wait their turn."""
        config = self.core.vllm_config.scheduler_config
        return max(config.max_num_seqs, getattr(config, "max_num_active_seqs", None) or 0)

    def info(self) -> dict[str, Any]:
        """The wire's description of the engine."""
        return {
            "engine": "vllm",
            "version": library_version("vllm"),
            "weights": self.weights,
            "libraries": {name: library_version(name) for name in ("torch", "transformers", "vllm", "av")},
            "device": device_name(),
            "import_seconds": self.import_seconds,
            "load_seconds": self.load_seconds,
            "max_model_len": self.max_model_len,
        }

    def load_media(self, entries: Sequence[dict[str, Any]]) -> list[media.Video | media.Picture]:
        """Decoded media of one request. Raises RequestFault."""
        try:
            return [media.load(entry, self.budget, self.factor) for entry in entries]
        except media.MediaFault as fault:
            raise RequestFault("media", f"{fault.code}: {fault.message}") from fault

    def prompt_ids(self, messages: list[dict[str, Any]]) -> list[int]:
        """Token ids with one placeholder for each medium; the template writes special tokens itself."""
        text = prompt_text(self.tokenizer, messages)
        if text not in self.prompts:
            self.prompts[text] = self.tokenizer.encode(text, add_special_tokens=False)
        return self.prompts[text]

    def prompt(
        self,
        messages: list[dict[str, Any]],
        entries: Sequence[dict[str, Any]],
        seen: Sequence[media.Video | media.Picture],
        completion: Sequence[int] = (),
        *,
        whole: bool = False,
    ) -> Any:
        """vLLM's processed input for a request, `completion` put behind the prompt. Raises RequestFault.

        `whole`: with the media's tensors in it; otherwise those that the engine has already seen are left out.
        """
        check_media(messages, list(entries))
        raw: dict[str, Any] = {"prompt_token_ids": [*self.prompt_ids(messages), *completion]}
        if seen:
            raw["multi_modal_data"], raw["multi_modal_uuids"] = multi_modal(seen)
        try:
            renderer = self.core.renderer
            processed = renderer.render_cmpl([raw], renderer.default_cmpl_tok_params, skip_mm_cache=whole)[0]
        except refusals() as error:
            raise RequestFault(fault_code(error), str(error)) from error
        length = len(processed["prompt_token_ids"])
        if length >= self.max_model_len:
            message = f"the prompt has {length} tokens; with one to generate the engine takes {self.max_model_len}"
            raise RequestFault("too-long", message)
        return processed

    def swap(self, model: str) -> None:
        """Puts the weights of `model` into the running engine and forgets all that was computed with the old ones."""
        folder = model_folder(model)
        weights = weights_hash(folder)
        started = time.perf_counter()
        home = self.core.model_config.model
        # The cache needs no room yet: loading does.
        self.wake("weights")
        self.core.collective_rpc("reload_weights", kwargs={"weights_path": folder})
        self.core.collective_rpc(repack_head)
        # reload_weights points the configuration at the new folder; processor and tokenizer stay those of the first.
        self.core.model_config.model = home
        self.wake("kv_cache")
        self.core.reset_prefix_cache()
        # Visual embeddings are kept behind the projector, and the projector trains.
        self.core.reset_encoder_cache()
        self.weights, self.load_seconds = weights, time.perf_counter() - started

    def sleep(self) -> None:
        """Gives its device memory away; its weights wait in the host's memory.

        Level 1 of vLLM. Level 2 would spare the host's copy, as new weights are handed over anyway, but it brings back
        parameters and buffers alone: what a model keeps beside them (Qwen3-VL's deepstack embeddings, which prompts
        without media read) would hold what happens to lie in the memory.
        """
        if not self.asleep:
            self.core.sleep(level=1)
            self.asleep = True

    def wake(self, *tags: str) -> None:
        """Takes its memory back, or the part named by `tags` (weights, kv_cache); it needs all of it to answer."""
        if self.asleep:
            self.core.wake_up(tags=list(tags) or None)
            self.asleep = self.core.is_sleeping()

    def close(self) -> None:
        self.core.engine_core.shutdown()
        del self.core
        gc.collect()


def start_engine(parameters: dict[str, Any]) -> Engine:
    """Imports vLLM and brings it up with the wire's `rollout.load` parameters. Raises UserFault for a wrong recipe."""
    folder = model_folder(parameters["model"], parameters.get("revision"))
    weights = weights_hash(folder)
    budget = VideoBudget.from_wire(parameters["video_budget"])
    started = time.perf_counter()
    prepare_environment(folder)
    from vllm import EngineArgs
    from vllm.usage.usage_lib import UsageContext
    from vllm.v1.engine.llm_engine import LLMEngine

    imported = time.perf_counter()
    check_arguments(parameters.get("engine_args") or {})
    factor = token_side(folder)
    arguments = engine_arguments(parameters, folder, budget, factor)
    try:
        core = LLMEngine.from_engine_args(EngineArgs(**arguments), usage_context=UsageContext.LLM_CLASS)
    except (TypeError, *refusals()) as error:
        raise UserFault(
            "engine-start", f"vLLM refuses to start: {error}", "change engine.args in the recipe", "recipe"
        ) from error
    return Engine(
        core=core,
        folder=folder,
        weights=weights,
        budget=budget,
        factor=factor,
        import_seconds=round(imported - started, 3),
        load_seconds=round(time.perf_counter() - imported, 3),
        detokenizer=Detokenizer(core.get_tokenizer()),
        suppressed=visual_tokens(core.model_config.hf_config),
        parameters=parameters,
        exits_early="logits_processors" in arguments,
    )


def prepare_environment(folder: str) -> None:
    """Must run before vLLM is imported. What the user set stays."""
    if "torch" not in sys.modules and weights_bytes(folder) < ONE_THREAD_BYTES:
        # With one thread a completion does not depend on the requests beside it, bit for bit; with more, attention
        # splits its work by the batch and the last digits change. On a tiny model one thread is the faster, too.
        os.environ.setdefault("OMP_NUM_THREADS", "1")
    # In this process: up in seconds, and weights can be replaced in place.
    os.environ.setdefault("VLLM_ENABLE_V1_MULTIPROCESSING", "0")
    os.environ.setdefault("VLLM_NO_USAGE_STATS", "1")
    os.environ.setdefault("DO_NOT_TRACK", "1")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
    if on_cpu():
        # vLLM compiles the ranking of log-probs at the first request: seconds, and a C++ compiler that may be missing.
        os.environ.setdefault("TORCH_COMPILE_DISABLE", "1")
        # The CPU worker warns at every prompt that the number of threads stays as it is.
        logging.getLogger("vllm.v1.worker.cpu_worker").addFilter(
            lambda record: "set_num_threads" not in record.getMessage()
        )


def engine_arguments(parameters: dict[str, Any], folder: str, budget: VideoBudget, factor: int) -> dict[str, Any]:
    """vLLM's arguments: what vauto needs, with the recipe's on top."""
    own: dict[str, Any] = {
        "disable_log_stats": True,
        "mm_processor_kwargs": engine_processor_kwargs(budget, factor, model_type(folder)),
    }
    if on_cpu():
        # Chunked prefill with per-request seeds stops the CPU engine ("CPU Generator does not use offset"); without it
        # vLLM raises max_num_batched_tokens to the longest prompt. float32, as the trainer computes.
        own |= {"dtype": "float32", "enforce_eager": True, "enable_chunked_prefill": False}
        if "VLLM_CPU_KVCACHE_SPACE" not in os.environ:
            own["kv_cache_memory_bytes"] = cache_bytes(folder)
    if parameters.get("sleep"):
        own["enable_sleep_mode"] = True
    given = dict(parameters.get("engine_args") or {})
    if not given.get("speculative_config"):
        # vLLM takes no processors beside speculative decoding.
        own["logits_processors"] = [EARLY_EXIT]
    own["mm_processor_kwargs"] |= given.pop("mm_processor_kwargs", None) or {}
    fixed = {"model": folder, "trust_remote_code": parameters["trust_remote_code"], "seed": parameters["seed"]}
    return own | given | fixed


def cache_bytes(folder: str) -> int:
    """Memory for the KV cache on CPU: 64 sequences of full length, at most 4 GiB.

    vLLM's own default takes most of the machine's memory, and every byte is written at start (3 s a GiB).
    """
    from transformers import AutoConfig

    config = AutoConfig.from_pretrained(folder).get_text_config()
    heads = getattr(config, "num_key_value_heads", None) or config.num_attention_heads
    width = getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads
    token = 2 * 4 * config.num_hidden_layers * heads * width
    return min(CACHED_SEQUENCES * config.max_position_embeddings * token, MOST_CACHE_BYTES)


def check_arguments(given: dict[str, Any]) -> None:
    """Raises UserFault for an argument that vLLM does not have, naming the nearest that it has."""
    known = engine_argument_names()
    for name in given:
        if name in OWN_ARGUMENTS:
            place = OWN_ARGUMENTS[name]
            raise UserFault(
                "engine-argument",
                f"engine.args.{name}: has its own place in the recipe",
                f"set {place} instead",
                "recipe",
            )
        if name not in known:
            near = difflib.get_close_matches(name, known, n=1, cutoff=0.5)
            fix = f"did you mean {near[0]}?" if near else "see vLLM's EngineArgs for the names"
            raise UserFault(
                "engine-argument",
                f"engine.args.{name}: vLLM {library_version('vllm')} has no such argument",
                fix,
                "recipe",
            )


def engine_argument_names() -> list[str]:
    """Names of all vLLM engine arguments."""
    from dataclasses import fields

    from vllm import EngineArgs

    return sorted(entry.name for entry in fields(EngineArgs))


def token_side(folder: str) -> int:
    """Side of one visual token in pixels, from the model's configuration; 28 for models without a vision part."""
    from transformers import AutoConfig

    vision = getattr(AutoConfig.from_pretrained(folder), "vision_config", None)
    return vision.patch_size * vision.spatial_merge_size if vision is not None else DEFAULT_FACTOR


def model_type(folder: str) -> str:
    from transformers import AutoConfig

    return AutoConfig.from_pretrained(folder).model_type


def visual_tokens(config: Any) -> dict[int, float]:
    """Bias against tokens that only stand for pictures: when the text is used again they would be taken for media."""
    ids = (getattr(config, name, None) for name in SPECIAL_CONFIG_TOKENS)
    return {token: -100.0 for token in ids if isinstance(token, int)}


def multi_modal(seen: Sequence[media.Video | media.Picture]) -> tuple[dict[str, list[Any]], dict[str, list[str]]]:
    """vLLM's `multi_modal_data` and the content hashes that its caches go by."""
    data: dict[str, list[Any]] = {}
    names: dict[str, list[str]] = {}
    for item in seen:
        kind = "video" if isinstance(item, media.Video) else "image"
        data.setdefault(kind, []).append(
            (item.frames, item.metadata()) if isinstance(item, media.Video) else item.image
        )
        names.setdefault(kind, []).append(item.digest)
    return data, names


def refusals() -> tuple[type[Exception], ...]:
    """What vLLM raises for input that it will not take; older versions raise ValueError."""
    from vllm import exceptions

    return (ValueError, getattr(exceptions, "VLLMClientError", ValueError))


def fault_code(error: Exception) -> str:
    message = str(error)
    too_long = ("maximum model length", "maximum context length", "encoder cache size")
    return "too-long" if any(words in message for words in too_long) else "engine"


def repack_head(worker: Any) -> None:
    """Packs the output head again after a reload: with tied embeddings the CPU engine keeps the old packed copy."""
    import torch

    model = worker.model_runner.get_model()
    language = getattr(model, "language_model", model)
    head = getattr(language, "lm_head", None)
    weight = getattr(head, "weight", None)
    if weight is None or weight.device.type != "cpu" or not isinstance(weight, torch.Tensor) or weight.ndim != 2:
        return
    from vllm.model_executor.layers.utils import dispatch_cpu_unquantized_gemm

    dispatch_cpu_unquantized_gemm(head, remove_weight=False)


def on_cpu() -> bool:
    import torch

    return not torch.cuda.is_available()


def device_name() -> str:
    import torch

    return "cpu" if on_cpu() else f"cuda:{torch.cuda.current_device()} {torch.cuda.get_device_name()}"


@cache
def library_version(name: str) -> str:
    """Version of an installed package; the CPU build of vLLM has another name."""
    for candidate in (name, f"{name}-cpu"):
        try:
            return version(candidate)
        except PackageNotFoundError:
            continue
    return "unknown"
