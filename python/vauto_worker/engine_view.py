"""A look into vLLM's worker at requests under way: what the model was really given. Runs where the model is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch

from .media_view import PIXELS, Medium, Scale, describe_media

OUTPUT_HEAD = "output head"
VISUAL_EMBEDDINGS = "visual embeddings"
# Embeddings of one medium alone and in a batch differ in their last bits, those of other weights by far more.
ALLOWED = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 5e-3}


@dataclass(frozen=True)
class Live:
    """A request in the worker's batch: its media in the order of the prompt, its tokens, its rotary positions."""

    features: list[Any]
    ids: list[int]
    positions: torch.Tensor | None


def look(worker: Any, prompts: dict[str, list[int]], known: list[str], scale: Scale) -> dict[str, dict[str, Any]]:
    """{request: {media, stale}} of the requests in the batch but the `known` ones; `prompts` are their tokens.

    `stale`: parts of the engine that are not those of its present weights.
    """
    runner = worker.model_runner
    new = {name: request for name, request in live(runner, prompts).items() if name not in known}
    if not new:
        return {}
    head, config = stale_head(runner), runner.model_config.hf_config
    return {
        name: {
            "media": describe_media(map(medium_of, request.features), request.ids, request.positions, config, scale)
            if request.features
            else [],
            "stale": head + stale_media(runner, request),
        }
        for name, request in new.items()
    }


def live(runner: Any, prompts: dict[str, list[int]]) -> dict[str, Live]:
    """vLLM has two model runners: one keeps the whole request, the newer one its parts in several places."""
    if hasattr(runner, "requests"):
        return {
            name: Live(in_order(state.mm_features), state.prompt_token_ids, getattr(state, "mrope_positions", None))
            for name, state in runner.requests.items()
        }
    found = {}
    for name in runner.req_states.req_id_to_index:
        features = in_order(runner.encoder_cache.mm_features.get(name, []) if runner.encoder_cache else [])
        # vLLM may put an ending of its own to the name of a request.
        ids = prompts[name.partition("-")[0]]
        number = getattr(runner.get_model(), "get_mrope_input_positions", None)
        # This runner numbers them by the same call and keeps them on the device alone.
        found[name] = Live(features, ids, number(ids, features)[0] if number and features else None)
    return found


def in_order(features: list[Any]) -> list[Any]:
    return sorted(features, key=lambda feature: feature.mm_position.offset)


def medium_of(feature: Any) -> Medium:
    data, kind = feature.data, feature.modality
    seconds = data.get("second_per_grid_ts")
    return Medium(
        kind,
        data[PIXELS[kind]].data,
        data[f"{kind}_grid_thw"].data.tolist(),
        None if seconds is None or kind != "video" else float(seconds.data),
    )


def stale_media(runner: Any, request: Live) -> list[str]:
    """Whether embeddings that the engine keeps are those that its encoder and projector make now."""
    cache = getattr(runner.encoder_cache, "encoder_outputs", runner.encoder_cache)
    kept = [cache.get(feature.identifier) for feature in request.features]
    differ = any(
        cached is not None and not alike(cached, embedded(runner, feature))
        for cached, feature in zip(kept, request.features, strict=True)
    )
    return [VISUAL_EMBEDDINGS] if differ else []


@torch.inference_mode()
def embedded(runner: Any, feature: Any) -> torch.Tensor:
    from vllm.multimodal.utils import group_and_batch_mm_kwargs

    items = [(feature.modality, feature.data)]
    _, _, inputs = next(iter(group_and_batch_mm_kwargs(items, device=runner.device)))
    return runner.get_model().embed_multimodal(**inputs)[0]


@torch.inference_mode()
def stale_head(runner: Any) -> list[str]:
    """Whether the output head is still the embedding that it is tied to: the CPU engine keeps a packed copy of it.

    Untied heads and those split over several devices are left to the log-probs.
    """
    parallel = runner.vllm_config.parallel_config
    tied = runner.model_config.hf_config.get_text_config().tie_word_embeddings
    if not tied or parallel.tensor_parallel_size > 1 or parallel.pipeline_parallel_size > 1:
        return []
    model = runner.get_model()
    table = getattr(model, "language_model", model).model.embed_tokens.weight
    # Any input shows a difference; the rows of the table themselves have a natural size.
    probe = table[:8].clone()
    given, wanted = model.compute_logits(probe), probe @ table.T
    return [] if alike(given, wanted[:, : given.shape[1]]) else [OUTPUT_HEAD]


def alike(left: torch.Tensor, right: torch.Tensor) -> bool:
    if left.shape != right.shape:
        return False
    size = right.float().abs().max().clamp(min=1e-6)
    return bool(((left.float() - right.float()).abs().max() / size) <= ALLOWED.get(right.dtype, 5e-2))
