"""Answers questions one after the other with transformers, each to its end: `one_by_one.py MODEL MAX_TOKENS < ROWS`."""

from __future__ import annotations

import json
import os
import sys
import time

os.environ |= {"TOKENIZERS_PARALLELISM": "false"}

import av
import numpy as np
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
    text = processor.apply_chat_template(row["messages"], add_generation_prompt=True, tokenize=False)
    media = {}
    if row["video"] is not None:
        with av.open(row["video"]) as container:
            frames = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
        media = {"videos": [frames], "do_sample_frames": False}
    inputs = processor(text=[text], **media, return_tensors="pt")
    with torch.inference_mode():
        made = model.generate(**inputs, do_sample=False, max_new_tokens=max_tokens)
    return made.shape[1] - inputs["input_ids"].shape[1]


if __name__ == "__main__":
    main()
