"""vLLM's own HTTP server with vauto's engine arguments: `python -m vauto_worker.http_server JSON`.

The JSON has the parameters of `rollout.load`, and `host`, `port` and `name` (of the model). The process becomes the
server; it ends with the process that started it.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
from typing import Any

from .engine import engine_arguments, prepare_environment, token_side
from .errors import UserFault
from .video_budget import VideoBudget
from .weights import model_folder

PR_SET_PDEATHSIG = 1


def command(parameters: dict[str, Any]) -> list[str]:
    """The server's command line."""
    folder = model_folder(parameters["model"], parameters.get("revision"))
    budget = VideoBudget.from_wire(parameters["video_budget"])
    asked = os.environ.get("VLLM_ENABLE_V1_MULTIPROCESSING")
    prepare_environment(folder)
    if asked is None:
        # The HTTP server and its engine are two processes.
        del os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"]
    arguments = engine_arguments(parameters, folder, budget, token_side(folder))
    arguments |= {
        "host": parameters["host"],
        "port": parameters["port"],
        "served_model_name": parameters["name"],
        "enable_prompt_tokens_details": True,
        # vLLM's server reads the frames itself: as many a second as in training, and at most as many.
        "media_io_kwargs": {"video": {"fps": budget.fps, "num_frames": budget.max_frames}},
    }
    flags = [word for name, value in arguments.items() for word in flag(name, value)]
    return [sys.executable, "-m", "vllm.entrypoints.openai.api_server", *flags]


def flag(name: str, value: Any) -> list[str]:
    """An engine argument as vLLM's command line has it."""
    word = "--" + name.replace("_", "-")
    if value is None:
        return []
    if isinstance(value, bool):
        return [word if value else f"--no-{word[2:]}"]
    if isinstance(value, list):
        return [word, *map(str, value)]
    return [word, json.dumps(value) if isinstance(value, dict) else str(value)]


def main() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    try:
        words = command(json.loads(sys.argv[1]))
    except UserFault as fault:
        sys.exit(f"error: {fault}")
    os.execv(words[0], words)


if __name__ == "__main__":
    main()
