"""GRPO on text prompts by TRL alone, as one would write it without vauto: `bare.py MODEL PROMPTS_JSONL SETTINGS_JSON`.

Prints one JSON line a step: {step, seconds, tokens}. The reward parses and compares in this process.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
import time
from pathlib import Path

from datasets import Dataset
from transformers import AutoProcessor, TrainerCallback
from trl import GRPOConfig, GRPOTrainer

COMPLETION = re.compile(r"\s*\\boxed\{([^{}]*)\}\s*<think>(.*?)</think>\s*\\boxed\{([^{}]*)\}\s*", re.DOTALL)
FALLBACK = "let's analyze the problem step by step."


def reward(completions: list, answer: list[str], **_: object) -> list[float]:
    """The dual-answer reward on choices and short texts."""
    return [score(text_of(completion), gold) for completion, gold in zip(completions, answer, strict=True)]


def text_of(completion: object) -> str:
    return completion if isinstance(completion, str) else completion[0]["content"]


def score(text: str, gold: str) -> float:
    found = COMPLETION.fullmatch(text)
    if found is None:
        return 0.0
    first, second = (found[place].strip().lower() for place in (1, 3))
    right = second == gold.lower()
    return 0.9 * (first == gold.lower()) + 1.1 * right + 1.0 + 0.3 * (first == FALLBACK and right)


class Clock(TrainerCallback):
    def on_step_begin(self, *_: object, **__: object) -> None:
        self.started = time.perf_counter()

    def on_log(self, args: object, state: object, control: object, logs: dict, **_: object) -> None:
        if "loss" in logs:
            seconds = time.perf_counter() - self.started
            tokens = logs["completions/mean_length"]
            print(json.dumps({"step": state.global_step, "seconds": seconds, "tokens": tokens}), flush=True)


def main() -> None:
    model, prompts, settings = sys.argv[1], Path(sys.argv[2]), json.loads(sys.argv[3])
    rows = [json.loads(line) for line in prompts.read_text(encoding="utf-8").splitlines()]
    batch = settings["prompts_per_step"] * settings["group_size"]
    processor = AutoProcessor.from_pretrained(model)
    with tempfile.TemporaryDirectory() as scratch:
        config = GRPOConfig(
            output_dir=scratch,
            seed=settings["seed"],
            max_steps=settings["steps"],
            num_generations=settings["group_size"],
            per_device_train_batch_size=batch,
            learning_rate=settings["learning_rate"],
            beta=settings["beta"],
            temperature=1.0,
            max_completion_length=settings["max_tokens"],
            lr_scheduler_type="constant",
            weight_decay=0.01,
            use_cpu=True,
            bf16=False,
            gradient_checkpointing=False,
            dataloader_pin_memory=False,
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
        )
        trainer = GRPOTrainer(
            model=model,
            reward_funcs=reward,
            args=config,
            train_dataset=Dataset.from_list(rows),
            processing_class=processor,
            callbacks=[Clock()],
        )
        trainer.train()


if __name__ == "__main__":
    main()
