"""Fails when TRL or transformers change what `video_grpo` and `vision_attention` override: read their new code then."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from transformers import Trainer
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import Qwen2_5_VLModel, Qwen2_5_VLVisionAttention
from trl import GRPOTrainer

EXPECTED = {
    (GRPOTrainer, "_tokenize_prompts"): ["self", "prompts"],
    (GRPOTrainer, "_generate_single_turn"): [
        "self", "prompt_ids", "images", "multimodal_fields", "num_generations", "has_tool_images",
    ],
    (GRPOTrainer, "_generate_and_score_completions"): ["self", "inputs"],
    (GRPOTrainer, "training_step"): ["self", "model", "inputs", "num_items_in_batch"],
    (GRPOTrainer, "_prepare_inputs"): ["self", "generation_batch"],
    (GRPOTrainer, "_log_metric"): ["self", "name", "value"],
    (GRPOTrainer, "_compute_loss"): ["self", "model", "inputs"],
    (GRPOTrainer, "_get_per_token_logps_and_entropies"): [
        "self", "model", "input_ids", "attention_mask", "logits_to_keep", "batch_size", "compute_entropy",
        "compute_aux_loss", "pixel_values", "image_grid_thw", "num_images", "pixel_attention_mask", "spatial_shapes",
        "num_tiles", "image_sizes", "token_type_ids", "mm_token_type_ids", "image_position_ids",
    ],
    (GRPOTrainer, "_save_checkpoint"): ["self", "model", "trial"],
    (Trainer, "_get_output_dir"): ["self", "trial"],
    (Trainer, "_load_from_checkpoint"): ["self", "resume_from_checkpoint", "model"],
    (Qwen2_5_VLModel, "get_rope_index"): [
        "self", "input_ids", "mm_token_type_ids", "image_grid_thw", "video_grid_thw", "second_per_grid_ts",
        "attention_mask", "kwargs",
    ],
    (Qwen2_5_VLVisionAttention, "forward"): [
        "self", "hidden_states", "cu_seqlens", "position_embeddings", "max_seqlen", "kwargs",
    ],
}  # fmt: skip


@pytest.mark.parametrize("owner, name", EXPECTED)
def test_overridden_methods_keep_their_parameters(owner: Any, name: str) -> None:
    assert list(inspect.signature(getattr(owner, name)).parameters) == EXPECTED[owner, name]


def test_trl_still_calls_the_model_by_keyword_and_reads_the_fused_log_probs() -> None:
    source = inspect.getsource(inspect.unwrap(GRPOTrainer._get_per_token_logps_and_entropies))
    assert "model(**model_inputs" in source and "outputs.log_probs" in source


def test_trl_still_carries_lists_through_shuffle_and_split() -> None:
    import torch
    from trl.trainer.utils import shuffle_sequence_dict, split_tensor_dict

    batch = {"prompt_ids": torch.arange(4).unsqueeze(1), "row_ids": ["0", "1", "2", "3"]}
    for part in split_tensor_dict(shuffle_sequence_dict(batch), 2):
        assert [str(int(row)) for row in part["prompt_ids"]] == part["row_ids"]


def test_trl_still_corrects_for_the_engine_by_its_own_switches() -> None:
    """`generate_by` turns on what TRL does with vLLM's log-probs, and leaves out what it does with vLLM itself."""
    scoring = inspect.getsource(inspect.unwrap(GRPOTrainer._generate_and_score_completions))
    assert scoring.count("self.use_vllm and self.vllm_importance_sampling_correction") >= 3
    assert '"sampling/sampling_logp_difference/max"' in scoring
    assert '"sampling/importance_sampling_ratio/mean"' in scoring
    generating = inspect.getsource(inspect.unwrap(GRPOTrainer._generate_single_turn))
    assert "return completion_ids, logprobs" in generating
    for name in ("_generate", "_generate_and_score_completions", "_prepare_inputs"):
        # Only there, which is overridden, and in what no training here uses, does TRL speak to a vLLM of its own.
        source = inspect.getsource(inspect.unwrap(getattr(GRPOTrainer, name)))
        assert "vllm_generation.generate" not in source
