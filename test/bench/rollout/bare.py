"""The same rollouts by vLLM alone, as one would write it without vauto: `bare.py MODEL ENGINE_ARGS_JSON`.

Reads one JSON line a pass (a list of requests), answers with one JSON line: seconds, tokens, a hash of all token ids.
"""

from __future__ import annotations

import hashlib
import json
import os
import sys
import time

os.environ |= {
    "VLLM_ENABLE_V1_MULTIPROCESSING": "0",
    "OMP_NUM_THREADS": "1",
    "TORCH_COMPILE_DISABLE": "1",
}
os.environ |= {
    "VLLM_NO_USAGE_STATS": "1",
    "VLLM_LOGGING_LEVEL": "ERROR",
    "TOKENIZERS_PARALLELISM": "false",
}

import av
import numpy as np

UNIT = 64


def main() -> None:
    model, arguments = sys.argv[1], json.loads(sys.argv[2])
    from vllm import LLM, SamplingParams

    imported = time.perf_counter()
    llm = LLM(
        model,
        kv_cache_memory_bytes=2**30,
        gpu_memory_utilization=0.3,
        limit_mm_per_prompt={"video": 1, "image": 0},
        **arguments,
    )
    say({"up": time.perf_counter() - imported})
    tokenizer, videos = llm.get_tokenizer(), {}

    def prompt(request: dict) -> dict:
        text = tokenizer.apply_chat_template(request["messages"], add_generation_prompt=True, tokenize=False)
        if request["video"] is None:
            return {"prompt": text}
        if request["video"] not in videos:
            videos[request["video"]] = decode(request["video"])
        return {
            "prompt": text,
            "multi_modal_data": {"video": [videos[request["video"]]]},
        }

    for line in sys.stdin:
        requests = json.loads(line)
        started, tokens, digest = time.perf_counter(), 0, hashlib.sha256()
        for start in range(0, len(requests), UNIT):
            unit = requests[start : start + UNIT]
            sampling = [
                SamplingParams(
                    temperature=1.0,
                    max_tokens=r["max_tokens"],
                    seed=r["seed"],
                    logprobs=0,
                )
                for r in unit
            ]
            for output in llm.generate([prompt(r) for r in unit], sampling, use_tqdm=False):
                ids = list(output.outputs[0].token_ids)
                tokens += len(ids)
                digest.update(json.dumps(ids).encode())
        say(
            {
                "seconds": time.perf_counter() - started,
                "tokens": tokens,
                "digest": digest.hexdigest(),
            }
        )


def decode(path: str) -> tuple[np.ndarray, dict]:
    with av.open(path) as container:
        frames = np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])
    n = len(frames)
    metadata = {
        "fps": 2.0,
        "duration": n / 2,
        "total_num_frames": n,
        "frames_indices": list(range(n)),
    }
    return frames, metadata | {"video_backend": "pyav", "do_sample_frames": False}


def say(answer: dict) -> None:
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
