"""How the engine sees given completions: for comparing it with the trainer."""

from __future__ import annotations

from functools import cache
from typing import Any

from .engine import Engine, RequestFault
from .engine_view import look
from .errors import UserFault
from .host import Host
from .media_view import Scale, scale_of


def inspect_samples(engine: Engine, samples: list[dict[str, Any]], host: Host) -> list[dict[str, Any]]:
    """One item a sample: {prompt_token_ids, visual_grid, media, stale, logprobs}.

    `media` and `stale` are read where the model runs (engine_view). Raises UserFault for a sample it cannot take.
    Log-probs come from a prefill over prompt and completion. That leaves out the prefix cache, which is fine here; for
    confidence use the log-probs that generation returns.
    """
    from vllm import SamplingParams

    # Generated tokens are not looked at; with two, a request is still there when its prefill is done.
    scoring = SamplingParams(max_tokens=2, ignore_eos=True, temperature=0.0, prompt_logprobs=0, detokenize=False)
    items: dict[str, dict[str, Any]] = {}
    prompts: dict[str, list[int]] = {}
    for number, sample in enumerate(samples):
        prompt = scored_prompt(engine, number, sample)
        items[str(number)] = {"visual_grid": visual_grid(prompt), "media": [], "stale": []}
        prompts[str(number)] = list(prompt["prompt_token_ids"])
        engine.core.add_request(str(number), prompt, scoring)
    seen: dict[str, dict[str, Any]] = {}
    scale = scale_of_model(engine.folder, engine.parameters["trust_remote_code"])
    while engine.core.has_unfinished_requests():
        outputs = engine.core.step()
        seen |= engine.core.collective_rpc(look, args=(prompts, list(seen), scale))[0]
        for output in outputs:
            if output.finished:
                items[output.request_id] |= scores(output, len(samples[int(output.request_id)]["token_ids"]))
                host.emit(
                    "progress", {"done": int(output.request_id) + 1, "total": len(samples), "generated_tokens": 0}
                )
    # Nothing stays behind: later completions do not depend on whether somebody looked.
    engine.core.reset_prefix_cache()
    engine.core.reset_encoder_cache()
    for name, view in seen.items():
        # vLLM may put an ending of its own to the name of a request.
        items[name.partition("-")[0]] |= view
    return list(items.values())


@cache
def scale_of_model(folder: str, trust_remote_code: bool) -> Scale:
    from transformers import AutoProcessor

    return scale_of(AutoProcessor.from_pretrained(folder, trust_remote_code=trust_remote_code))


def scored_prompt(engine: Engine, number: int, sample: dict[str, Any]) -> Any:
    try:
        seen = engine.load_media(sample["media"])
        return engine.prompt(sample["messages"], sample["media"], seen, sample["token_ids"], whole=True)
    except RequestFault as fault:
        raise UserFault("inspect", f"sample {number}: {fault.message}", kind="data") from fault


def scores(output: Any, length: int) -> dict[str, Any]:
    ids = list(output.prompt_token_ids)
    start = len(ids) - length
    table = output.prompt_logprobs
    logprobs = [table[position][ids[position]].logprob for position in range(start, len(ids))]
    return {"prompt_token_ids": ids[:start], "logprobs": logprobs}


def visual_grid(prompt: Any) -> list[list[int]]:
    """[time, height, width] in patches, one for each image or video, in the order of the prompt."""
    placed = []
    for kind, ranges in prompt.get("mm_placeholders", {}).items():
        for place, item in zip(ranges, prompt["mm_kwargs"][kind], strict=True):
            placed.append((place.offset, item[f"{kind}_grid_thw"].data.tolist()))
    return [grid for _, grid in sorted(placed)]
