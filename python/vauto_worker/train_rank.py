"""One process of a training, started by accelerate: `python -m vauto_worker.train_rank PARAMETERS-FILE`."""

from __future__ import annotations

import faulthandler
import json
import os
import signal
import sys
import threading
import time
import traceback
from pathlib import Path
from typing import Any

from .errors import Cancelled, UserFault
from .http_host import DEADLINE, HttpHost
from .serve import describe_error
from .torchvision_ops import activate

WATCH_SECONDS = 0.5


def main() -> None:
    # Told by the launcher: it may be gone by the time that this process could look.
    watch_launcher(int(os.environ["VAUTO_LAUNCHER"]))
    faulthandler.enable()
    faulthandler.register(signal.SIGUSR1, all_threads=True)
    activate()
    params_file = Path(sys.argv[1])
    rank = int(os.environ.get("RANK", "0"))
    # Not handed on to what a training starts (dataloaders).
    url, token = os.environ.pop("VAUTO_ASK_URL"), os.environ.pop("VAUTO_ASK_TOKEN")
    host = HttpHost(url, token, rank, float(os.environ.get("VAUTO_ASK_DEADLINE", DEADLINE)))
    report = params_file.with_name(f"rank-{rank}.json")
    try:
        write_whole(report, {"ok": train(json.loads(params_file.read_text(encoding="utf-8")), host)})
    except Cancelled as stop:
        write_whole(report, {"cancelled": str(stop)})
    except BaseException as error:
        write_whole(report, {"error": describe_error(error), "at": time.time()})
        traceback.print_exc()
        sys.stderr.flush()
        # Nothing is left to tidy up, and a library that waits for the other processes would wait for ever.
        os._exit(1)
    host.close()


def train(params: dict[str, Any], host: HttpHost) -> dict[str, Any]:
    """Raises UserFault when fewer or more processes were started than the recipe says."""
    from . import train as training

    load_on_any_cpu()
    started, wanted = int(os.environ.get("WORLD_SIZE", "1")), params["processes"]
    if started != wanted:
        fix = "the accelerate configuration must be for one machine and name a distributed_type that starts processes"
        raise UserFault("processes", f"train.processes is {wanted}, accelerate started {started}", fix, "recipe")
    result = training.train_here(params, host)
    import torch.distributed

    if torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()
    return result


def load_on_any_cpu() -> None:
    """accelerate counts CPUs like GPUs; the Trainer then loads its optimiser to `cpu:0`, unknown to torch.load."""
    from torch.serialization import register_package

    register_package(15, lambda _: None, lambda storage, place: storage if place.startswith("cpu:") else None)


def watch_launcher(launcher: int) -> None:
    """Ends this process within a second of its launcher: in a session of its own no signal reaches it."""

    def watch() -> None:
        while os.getppid() == launcher:
            time.sleep(WATCH_SECONDS)
        os._exit(1)

    threading.Thread(target=watch, name="vauto-orphan", daemon=True).start()


def write_whole(path: Path, value: Any) -> None:
    """A file of this name is complete."""
    draft = path.with_name(f".{path.name}.writing")
    draft.write_text(json.dumps(value), encoding="utf-8")
    draft.rename(path)


if __name__ == "__main__":
    main()
