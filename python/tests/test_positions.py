"""Rotary positions against vLLM's own function."""

from __future__ import annotations

from types import SimpleNamespace

import torch

from vauto_worker.positions import rope_index

CONFIG = SimpleNamespace(vision_config=SimpleNamespace(spatial_merge_size=2, tokens_per_second=2))


def by_vllm(kinds: list[int], parts: list[tuple[str, int, list[int], float]]) -> torch.Tensor:
    from vllm.model_executor.models.qwen2_5_vl import Qwen2_5_VLForConditionalGeneration as Model

    features = []
    for kind, offset, grid, seconds in parts:
        fields = {f"{kind}_grid_thw": SimpleNamespace(data=torch.tensor(grid))}
        if kind == "video":
            fields["second_per_grid_ts"] = SimpleNamespace(data=torch.tensor(seconds))
        place = SimpleNamespace(offset=offset)
        features.append(SimpleNamespace(modality=kind, mm_position=place, data=fields))
    owner = SimpleNamespace(config=CONFIG)
    owner.iter_mm_grid_thw = lambda given: Model.iter_mm_grid_thw(owner, given)
    return Model.get_mrope_input_positions(owner, kinds, features)


def test_positions_are_those_of_vllm():
    # text, a video of 3 grids of 1×2 tokens 1.5 s apart, text, an image of 2×2, text
    kinds = [0] * 4 + [2] * 6 + [0] * 3 + [1] * 4 + [0] * 5
    wanted, delta = by_vllm(kinds, [("video", 4, [3, 2, 4], 1.5), ("image", 13, [1, 4, 4], 1.0)])
    padding = 2
    ids = torch.zeros(1, len(kinds) + padding, dtype=torch.long)
    mask = torch.tensor([[0] * padding + [1] * len(kinds)])
    types = torch.tensor([[0] * padding + kinds])
    grids = {"image_grid_thw": torch.tensor([[1, 4, 4]]), "video_grid_thw": torch.tensor([[3, 2, 4]])}
    places, deltas = rope_index(
        SimpleNamespace(config=CONFIG), ids, types, **grids, second_per_grid_ts=[1.5], attention_mask=mask
    )
    assert torch.equal(places[:, 0, padding:], wanted) and deltas.tolist() == [[delta]]
    # The text goes on behind the last moment of the video (6 = 2 grids × 3), not behind its width.
    assert places[0, 0, padding + 10].item() == 4 + 6 + 1


def test_text_alone_counts_up():
    ids = torch.zeros(2, 3, dtype=torch.long)
    places, deltas = rope_index(SimpleNamespace(config=CONFIG), ids, torch.zeros(2, 3, dtype=torch.long))
    assert places[:, 0].tolist() == [[0, 1, 2]] * 3 and deltas.tolist() == [[0], [0]]
