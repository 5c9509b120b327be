"""`rollout.inspect` in a process of its own: MODEL WEIGHTS BUDGET SAMPLES.json ANSWER.json."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from training_help import Host  # noqa: E402

from vauto_worker import rollout  # noqa: E402

Items = list[dict[str, Any]]


def inspected(model: Path, budget: dict[str, Any], samples: Items, scratch: Path, weights: Path | None = None) -> Items:
    """What vLLM says of the samples, after a hand-over of `weights` if there are any; `scratch` is for files."""
    request, answer = scratch / "samples.json", scratch / "answer.json"
    request.write_text(json.dumps(samples), encoding="utf-8")
    command = [sys.executable, __file__, str(model), str(weights or ""), json.dumps(budget), str(request), str(answer)]
    subprocess.run(command, check=True, timeout=300)
    return json.loads(answer.read_text(encoding="utf-8"))


def main(model: str, weights: str, budget: str, samples: str, answer: str) -> None:
    limits = json.loads(budget)
    load = {"model": model, "trust_remote_code": False, "engine_args": {}, "video_budget": limits, "seed": 0}
    rollout.load(load, Host())
    if weights:
        rollout.swap({"model": weights}, Host())
    items = rollout.inspect({"samples": json.loads(Path(samples).read_text(encoding="utf-8"))}, Host())["items"]
    Path(answer).write_text(json.dumps(items), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
