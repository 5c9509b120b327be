"""Writes the tiny dataset: MP4 files and JSONL manifests in vauto's prompt form.

python -m vauto_worker.toy.data --out recipes/tiny/data --seed 11
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from .lessons import TASKS, Lesson
from .world import Scene, encode, random_scene

# Rows of each manifest, by task. Training leans to what needs reasoning: only there can thinking be learnt.
SPLITS = {
    "train": {
        "digit": 16,
        "shape": 16,
        "colour": 24,
        "count": 56,
        "sum": 56,
        "alternating": 56,
        "text-sum": 40,
        "when": 32,
        "shape-while": 32,
    },
    "perception": {"digit": 100, "shape": 100, "colour": 100},
    "reasoning": {"count": 55, "sum": 55, "alternating": 55, "text-sum": 55},
    "grounding": {"when": 200},
    "grounding-qa": {"shape-while": 200},
}
QUESTIONS_PER_VIDEO = 3


class Videos:
    """Scenes written as files, each asked about a few times, never twice the same."""

    def __init__(self, folder: Path, prefix: str, rng: random.Random) -> None:
        self.folder, self.prefix, self.rng = folder, prefix, rng
        self.scenes: list[Scene] = []
        self.asked: list[set[str]] = []

    def ask(self, task: str) -> tuple[Lesson, str]:
        """A lesson of the task about the newest video that has room for it."""
        place = len(self.scenes) - 1
        lesson = TASKS[task](self.rng, self.scenes[place]) if self.scenes else None
        if lesson is None or len(self.asked[place]) >= QUESTIONS_PER_VIDEO or lesson.question in self.asked[place]:
            place = self._add(random_scene(self.rng))
            lesson = TASKS[task](self.rng, self.scenes[place])
        if lesson is None:
            # The new scene has no colour with one steady shape: another one will.
            return self.ask(task)
        self.asked[place].add(lesson.question)
        return lesson, f"videos/{self.prefix}-{place:03d}.mp4"

    def _add(self, scene: Scene) -> int:
        path = self.folder / "videos" / f"{self.prefix}-{len(self.scenes):03d}.mp4"
        path.parent.mkdir(parents=True, exist_ok=True)
        encode(scene, str(path))
        self.scenes.append(scene)
        self.asked.append(set())
        return len(self.scenes) - 1


def row_of(name: str, lesson: Lesson, video: str) -> dict[str, object]:
    answer: object = lesson.answer
    if lesson.problem_type == "iou" and lesson.spans:
        answer = list(lesson.spans)
    elif lesson.problem_type == "gqa" and lesson.spans:
        answer = {"answer": lesson.answer[0], "segment": list(lesson.spans)}
    row: dict[str, object] = {
        "id": name,
        "question": lesson.question,
        "answer": answer,
        "problem_type": lesson.problem_type,
        "task": lesson.task,
    }
    if lesson.options:
        row["options"] = list(lesson.options)
    if lesson.video:
        row["video"] = video
    return row


def write_split(out: Path, split: str, rng: random.Random) -> int:
    videos = Videos(out, "train" if split == "train" else f"test-{split}", rng)
    tasks = [task for task, count in SPLITS[split].items() for _ in range(count)]
    rng.shuffle(tasks)
    lines = []
    for index, task in enumerate(tasks):
        lesson, video = videos.ask(task)
        lines.append(json.dumps(row_of(f"{split}-{index:03d}", lesson, video)))
    (out / f"{split}.jsonl").write_text("\n".join(lines) + "\n")
    return len(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=11)
    args = parser.parse_args()
    args.out.mkdir(parents=True, exist_ok=True)
    for place, split in enumerate(SPLITS):
        print(split, write_split(args.out, split, random.Random(args.seed * 100 + place)))


if __name__ == "__main__":
    main()
