"""Training in several processes: starts them through accelerate, waits, and says what became of them."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from pathlib import Path
from typing import Any

from .engine import on_cpu
from .errors import Cancelled, UserFault

# In the training's folder, while it runs: parameters, and each process's result or error.
FOLDER = ".ranks"
POLL_SECONDS = 0.1
LAST_LINES = 20


def is_launched(params: dict[str, Any]) -> bool:
    return params.get("processes", 1) > 1 or "accelerate" in params


def run(params: dict[str, Any]) -> dict[str, Any]:
    """`train.run` in `processes` of its own, which ask and tell TypeScript over HTTP; {checkpoint, steps, step}.

    A cancelled call is not passed on here: the answers to their events say so to the processes themselves. Raises what
    ended the training: UserFault, Cancelled, or RuntimeError with the traceback of the process that failed first.
    """
    folder = Path(params["output_dir"]).resolve() / FOLDER
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    kept = {name: value for name, value in params.items() if name != "ask"}
    (folder / "params.json").write_text(json.dumps({"processes": 1} | kept), encoding="utf-8")
    lines: deque[str] = deque(maxlen=LAST_LINES)
    launcher = subprocess.Popen(
        command(folder, params),
        env=environment(params),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="backslashreplace",
    )
    forward = threading.Thread(target=forward_lines, args=(launcher, lines), name="vauto-ranks", daemon=True)
    forward.start()
    try:
        while launcher.poll() is None:
            time.sleep(POLL_SECONDS)
    finally:
        # Its processes watch it: they end as well.
        launcher.kill()
    forward.join(timeout=2)
    result = outcome(folder, launcher.returncode, list(lines))
    shutil.rmtree(folder, ignore_errors=True)
    return result


def command(folder: Path, params: dict[str, Any]) -> list[str]:
    """accelerate's command line. Without a configuration in the recipe it gets one: the user's own must not apply."""
    count = params.get("processes", 1)
    given = params.get("accelerate")
    config = Path(given) if given else folder / "accelerate.json"
    # On a CPU accelerate starts several through MPI alone; torch's launcher, which this flag names, needs none.
    several = ["--multi_gpu"] if count > 1 and (on_cpu() or not given) else []
    if not given:
        several_gpus = {"distributed_type": "MULTI_GPU", "gpu_ids": "all"}
        config.write_text(json.dumps(several_gpus | {"num_machines": 1, "mixed_precision": "no"}), encoding="utf-8")
    words = ["--config_file", config, *several, "--num_processes", count, "--num_machines", 1, "--machine_rank", 0]
    words += ["--main_process_port", 0, "--num_cpu_threads_per_process", threads(count)]
    if not given:
        words += ["--mixed_precision", "no", "--dynamo_backend", "no"]
    words += ["--module", "vauto_worker.train_rank", folder / "params.json"]
    return [sys.executable, "-m", "vauto_worker.launcher", str(folder / "launcher.json"), *map(str, words)]


def threads(count: int) -> int:
    """Of each process: together they have all cores, unless the user said otherwise."""
    given = os.environ.get("OMP_NUM_THREADS", "")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return int(given) if given.isdigit() else max(1, cores // count)


def environment(params: dict[str, Any]) -> dict[str, str]:
    packages = [str(Path(__file__).resolve().parents[1]), os.environ.get("PYTHONPATH", "")]
    changed = {
        "PYTHONPATH": os.pathsep.join(filter(None, packages)),
        # Modules of the folder that vauto was started in must not be taken for libraries.
        "PYTHONSAFEPATH": "1",
        "PYTHONUNBUFFERED": "1",
        "VAUTO_LAUNCHED_BY": str(os.getpid()),
        "VAUTO_ASK_URL": params["ask"]["url"],
        "VAUTO_ASK_TOKEN": params["ask"]["token"],
    }
    return {**os.environ, **changed, **({"ACCELERATE_USE_CPU": "true"} if on_cpu() else {})}


def forward_lines(launcher: subprocess.Popen[str], lines: deque[str]) -> None:
    for line in launcher.stdout or ():
        sys.stderr.write(line)
        lines.append(line.rstrip())


def outcome(folder: Path, status: int, lines: list[str]) -> dict[str, Any]:
    """The result of the first process; else what comes nearest to the cause is raised.

    When one process ends the others fail soon after, because they wait for it: a fault of the user comes before a
    process that was killed, and that before errors, of which the first counts.
    """
    reports = [json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("rank-*.json"))]
    ended = json.loads(path.read_text(encoding="utf-8")) if (path := folder / "launcher.json").exists() else []
    errors = sorted((report for report in reports if "error" in report), key=lambda report: report["at"])
    for error in (report["error"] for report in errors if "user" in report["error"]):
        raise UserFault(error["user"]["code"], error["message"], error["user"]["fix"], error["user"]["kind"])
    # The launcher itself ends the others by SIGTERM.
    killed = [end for end in ended if end["exit_code"] < 0 and -end["exit_code"] != signal.SIGTERM]
    if killed:
        raise rank_died(killed[0])
    own = [report["error"] for report in errors if report["error"]["type"] != "LeadFailed"]
    if own:
        raise RuntimeError(f"{own[0]['type']}: {own[0]['message']}\n{own[0]['traceback']}")
    if ended:
        raise rank_died(ended[0])
    stopped = [report["cancelled"] for report in reports if "cancelled" in report]
    if stopped:
        raise Cancelled(stopped[0])
    results = [report["ok"] for report in reports if "ok" in report]
    if status == 0 and results:
        return results[0]
    said = next((line for line in reversed(lines) if line.strip()), "it said nothing")
    fix = "check train.accelerate; the whole output is in the run's log"
    raise UserFault("accelerate-failed", f"accelerate ended with status {status}: {said}", fix)


def rank_died(end: dict[str, int]) -> UserFault:
    code = end["exit_code"]
    how = f"by {signal.Signals(-code).name}" if code < 0 else f"with exit status {code}"
    fix = (
        "start the same command again: training continues from the last checkpoint; if memory ran out, lower "
        "train.trl.per_device_train_batch_size"
    )
    return UserFault("rank-died", f"process {end['rank']} of the training ended {how}", fix)
