"""Posts batches to a running ask server, one after the other, as a process of a training does, and prints the seconds.

Standard input: {url, token, requests: [[question, …], …]}; the first of each list is not counted. Standard output: for
each list the seconds and the rewards that came back.
"""

from __future__ import annotations

import json
import sys
import time

from vauto_worker.http_host import HttpHost


def main() -> None:
    given = json.load(sys.stdin)
    # As process 1: the first one also listens for the end of the training.
    host = HttpHost(given["url"], given["token"], rank=1)
    results = []
    for first, *questions in given["requests"]:
        host.ask("reward", first)
        started = time.perf_counter()
        rewards = [reward for question in questions for reward in host.ask("reward", question)["rewards"]]
        results.append({"seconds": time.perf_counter() - started, "rewards": rewards})
    json.dump(results, sys.stdout)


if __name__ == "__main__":
    main()
