"""A Qwen2.5-VL with random weights and the shipped tiny tokenizer: `random_model.py TINY_MODEL FOLDER [LAYERS]`.

24 layers of width 1280 make half a billion parameters. Prints their number.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import torch
from transformers import AutoConfig, Qwen2_5_VLForConditionalGeneration

WIDTH, HEADS = 1280, 20


def main() -> None:
    source, folder = Path(sys.argv[1]), Path(sys.argv[2])
    layers = int(sys.argv[3]) if len(sys.argv) > 3 else 24
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*.safetensors"))
    config = AutoConfig.from_pretrained(source)
    text = config.text_config
    text.hidden_size, text.intermediate_size = WIDTH, 4 * WIDTH
    text.num_hidden_layers, text.layer_types = layers, ["full_attention"] * layers
    text.num_attention_heads, text.num_key_value_heads = HEADS, HEADS // 5
    # Half of a head's 64 numbers turn, as in the shipped model: 32 pairs over time, height and width.
    text.rope_parameters = dict(text.rope_parameters, mrope_section=[8, 12, 12])
    config.vision_config.out_hidden_size = WIDTH
    torch.manual_seed(0)
    model = Qwen2_5_VLForConditionalGeneration(config).to(torch.bfloat16)
    model.save_pretrained(folder)
    print(sum(parameter.numel() for parameter in model.parameters()))


if __name__ == "__main__":
    main()
