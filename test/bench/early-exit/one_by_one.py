"""Answers questions one after the other with transformers, each to its end: `one_by_one.py MODEL MAX_TOKENS < ROWS`."""

from __future__ import annotations

import json
import os
import sys
import time

os.environ |= {"TOKENIZERS_PARALLELISM": "false"}

import torch
from transformers import AutoModelForImageTextToText, AutoProcessor


def main() -> None:
    folder, max_tokens = sys.argv[1], int(sys.argv[2])
    rows = json.loads(sys.stdin.read())
    processor = AutoProcessor.from_pretrained(folder)
    model = AutoModelForImageTextToText.from_pretrained(folder, dtype=torch.float32).eval()
    answer(model, processor, rows[0], max_tokens)
    tokens, started = 0, time.perf_counter()
    for row in rows:
        tokens += answer(model, processor, row, max_tokens)
    print(json.dumps({"seconds": time.perf_counter() - started, "tokens": tokens}))


def answer(model: torch.nn.Module, processor, row: dict, max_tokens: int) -> int:
    """Number of generated tokens; video decoding and preprocessing are part of the time, as for everybody."""
    messages = [
        {
            "role": message["role"],
            "content": [
                {"type": "video", "path": row["video"]} if part["type"] == "video" else part
                for part in message["content"]
            ],
        }
        for message in row["messages"]
    ]
    inputs = processor.apply_chat_template(
        messages, add_generation_prompt=True, tokenize=True, return_dict=True, return_tensors="pt"
    )
    with torch.inference_mode():
        made = model.generate(**inputs, do_sample=False, max_new_tokens=max_tokens)
    return made.shape[1] - inputs["input_ids"].shape[1]


if __name__ == "__main__":
    main()
