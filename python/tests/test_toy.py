"""The scripts that made the tiny model and its videos still run, and give the same again."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from vauto_worker.toy import data, lessons, world

ROOT = Path(__file__).parents[2]


def test_scene_survives_the_codec() -> None:
    scene = lessons.scene_of("red red blue yellow", "circle circle square triangle", "7012")
    seen, drawn = world.through_codec(scene).astype(int), world.frames_of(scene).astype(int)
    assert seen.shape == drawn.shape == (8, 56, 56, 3)
    assert np.abs(seen - drawn).mean() < 8


@pytest.mark.parametrize("task", [*lessons.TASKS, *lessons.TEXT_LESSONS])
def test_reasoning_without_noise_arrives_at_the_gold_answer(task: str) -> None:
    rng = random.Random(5)
    make = lessons.TASKS.get(task) or lessons.TEXT_LESSONS[task]
    asked = [lesson for lesson in (make(rng, world.random_scene(rng)) for _ in range(200)) if lesson is not None]
    assert len(asked) > 100
    assert all(lesson.think(rng, 0.0)[1] == lesson.answer for lesson in asked)


def test_a_wrong_first_answer_is_left_out_of_the_loss() -> None:
    rng = random.Random(1)
    lesson = lessons.digit_at(rng, world.random_scene(rng))
    pieces, second = lessons.respond(lesson, rng, 0.0, wrong_first="x")
    assert pieces[0] == ("\\boxed{x}", False)
    assert pieces[1][1] and second == lesson.answer


def test_known_answers() -> None:
    scene = lessons.scene_of("red red blue yellow", "circle circle square triangle", "7012")
    rng = random.Random(0)
    assert lessons.digit_sum(rng, scene).answer == "0"
    assert lessons.alternating_sum(rng, scene).answer == str((7 - 0 + 1 - 2) % 10)
    whens = {
        lessons.when_colour(random.Random(seed), scene).question: lessons.when_colour(random.Random(seed), scene).answer
        for seed in range(20)
    }
    assert whens["When is the background red?"] == "[0.0, 2.0]"


def test_shipped_dataset_is_what_the_script_writes(tmp_path: Path) -> None:
    shipped = ROOT / "recipes" / "tiny" / "data"
    count = data.write_split(
        tmp_path, "grounding-qa", random.Random(11 * 100 + list(data.SPLITS).index("grounding-qa"))
    )
    assert count >= 200
    assert (tmp_path / "grounding-qa.jsonl").read_text() == (shipped / "grounding-qa.jsonl").read_text()
    rows = [json.loads(line) for line in (shipped / "grounding-qa.jsonl").read_text().splitlines()]
    assert all((shipped / row["video"]).is_file() for row in rows)


def test_training_runs_from_nothing(tmp_path: Path) -> None:
    out = tmp_path / "model"
    command = [
        sys.executable,
        "-m",
        "vauto_worker.toy.train",
        "--out",
        str(out),
        "--minutes",
        "0.1",
        "--videos",
        "40",
        "--batch",
        "8",
    ]
    done = subprocess.run(command, cwd=ROOT / "python", capture_output=True, text=True, timeout=200, check=False)
    assert done.returncode == 0, done.stderr[-2000:]
    from transformers import AutoProcessor, Qwen2_5_VLForConditionalGeneration

    model = Qwen2_5_VLForConditionalGeneration.from_pretrained(out)
    processor = AutoProcessor.from_pretrained(out)
    assert sum(p.numel() for p in model.parameters()) < 1_300_000
    assert processor.tokenizer.decode(processor.tokenizer("\\boxed{A}<think>").input_ids) == "\\boxed{A}<think>"
