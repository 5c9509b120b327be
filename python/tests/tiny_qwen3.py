"""A random tiny Qwen3-VL with the tokenizer and template of the shipped model."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import torch
from training_help import TINY

# A visual token covers 32×32 pixels (patch 16, merge 2).
BUDGET = {"fps": 2, "max_frames": 64, "min_pixels": 1024, "max_pixels": 4096, "total_pixels": 4096 * 64}


def write_model(folder: Path) -> Path:
    """The model as an ordinary folder."""
    from transformers import (
        AutoTokenizer,
        Qwen2VLImageProcessor,
        Qwen3VLForConditionalGeneration,
        Qwen3VLProcessor,
        Qwen3VLVideoProcessor,
    )

    source = TINY / "model"
    tokenizer = AutoTokenizer.from_pretrained(source)
    halves = {"image_mean": [0.5] * 3, "image_std": [0.5] * 3, "patch_size": 16}
    processor = Qwen3VLProcessor(
        image_processor=Qwen2VLImageProcessor(**halves, size={"shortest_edge": 1024, "longest_edge": 4096}),
        tokenizer=tokenizer,
        video_processor=Qwen3VLVideoProcessor(**halves, size={"shortest_edge": 1024, "longest_edge": 4096 * 64}),
        chat_template=(source / "chat_template.jinja").read_text(encoding="utf-8"),
    )
    processor.save_pretrained(folder)
    for name in ("tokenizer.json", "chat_template.jinja"):
        shutil.copyfile(source / name, folder / name)
    torch.manual_seed(0)
    model = Qwen3VLForConditionalGeneration(configuration())
    with torch.no_grad():
        for parameter in model.parameters():
            # Larger than fresh weights, so that what the model sees shows in what it says.
            if parameter.ndim > 1:
                parameter.normal_(std=0.08)
    model.save_pretrained(folder)
    return folder


def configuration():
    from transformers import Qwen3VLConfig

    shipped = json.loads((TINY / "model" / "config.json").read_text(encoding="utf-8"))
    tokens = ("image_token_id", "video_token_id", "vision_start_token_id", "vision_end_token_id")
    rope = {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [6, 5, 5], "mrope_interleaved": True}
    text = {
        "vocab_size": shipped["text_config"]["vocab_size"],
        "hidden_size": 64,
        "intermediate_size": 128,
        "num_hidden_layers": 2,
        "num_attention_heads": 2,
        "num_key_value_heads": 1,
        "head_dim": 32,
        "max_position_embeddings": 1024,
        "rope_parameters": rope,
        "eos_token_id": 2,
        "pad_token_id": 0,
        "tie_word_embeddings": True,
        "dtype": "float32",
    }
    vision = {
        "depth": 2,
        "hidden_size": 64,
        "intermediate_size": 96,
        "num_heads": 2,
        "out_hidden_size": 64,
        "num_position_embeddings": 16,
        "deepstack_visual_indexes": [0],
    }
    own = {name: shipped[name] for name in tokens} | {"tie_word_embeddings": True, "dtype": "float32"}
    return Qwen3VLConfig(text_config=text, vision_config=vision, **own)
