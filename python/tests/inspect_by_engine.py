"""`rollout.inspect` in a process of its own: MODEL SAMPLES.json ANSWER.json."""

from __future__ import annotations

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training_help import BUDGET, Host  # noqa: E402

from vauto_worker import rollout  # noqa: E402


def main(model: str, samples: str, answer: str) -> None:
    load = {"model": model, "trust_remote_code": False, "engine_args": {}, "video_budget": BUDGET, "seed": 0}
    rollout.load(load, Host())
    items = rollout.inspect({"samples": json.loads(Path(samples).read_text(encoding="utf-8"))}, Host())["items"]
    Path(answer).write_text(json.dumps(items), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
