"""A look into vLLM's worker at requests under way: what the model was really given. Runs where the model is."""

from __future__ import annotations

from typing import Any

import torch

from .media_view import PIXELS, Medium, Scale, describe_media

OUTPUT_HEAD = "output head"
VISUAL_EMBEDDINGS = "visual embeddings"
# Embeddings of one medium alone and in a batch differ in their last bits, those of other weights by far more.
ALLOWED = {torch.float32: 1e-4, torch.bfloat16: 5e-2, torch.float16: 5e-3}


def look(worker: Any, known: list[str], scale: Scale) -> dict[str, dict[str, Any]]:
    """{request: {media, stale}} of the requests in the batch but the `known` ones.

    `stale`: parts of the engine that are not those of its present weights.
    """
    runner = worker.model_runner
    new = {name: state for name, state in runner.requests.items() if name not in known}
    if not new:
        return {}
    head = stale_head(runner)
    return {
        name: {"media": media_of(runner, state, scale), "stale": head + stale_media(runner, state)}
        for name, state in new.items()
    }


def media_of(runner: Any, state: Any, scale: Scale) -> list[dict[str, Any]]:
    features = features_of(state)
    if not features:
        return []
    config = runner.model_config.hf_config
    positions = getattr(state, "mrope_positions", None)
    return describe_media(map(medium_of, features), state.prompt_token_ids, positions, config, scale)


def features_of(state: Any) -> list[Any]:
    return sorted(state.mm_features, key=lambda feature: feature.mm_position.offset)


def medium_of(feature: Any) -> Medium:
    data, kind = feature.data, feature.modality
    seconds = data.get("second_per_grid_ts")
    return Medium(
        kind,
        data[PIXELS[kind]].data,
        data[f"{kind}_grid_thw"].data.tolist(),
        None if seconds is None or kind != "video" else float(seconds.data),
    )


def stale_media(runner: Any, state: Any) -> list[str]:
    """Whether embeddings that the engine keeps are those that its encoder and projector make now."""
    features = features_of(state)
    kept = [runner.encoder_cache.get(feature.identifier) for feature in features]
    differ = any(
        cached is not None and not alike(cached, embedded(runner, feature))
        for cached, feature in zip(kept, features, strict=True)
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
