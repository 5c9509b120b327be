"""How processes of a training are started, and which of several ends is told."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
from accelerate.commands.config.config_args import load_config_from_file
from accelerate.commands.launch import launch_command_parser
from accelerate.utils import DistributedType

from vauto_worker import launch
from vauto_worker.errors import Cancelled, UserFault

CONFIGS = Path(__file__).resolve().parents[2] / "recipes" / "accelerate"


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("cpu-2", DistributedType.MULTI_CPU),
        ("zero3", DistributedType.DEEPSPEED),
        ("fsdp", DistributedType.FSDP),
    ],
)
def test_shipped_configurations_are_read_by_accelerate(name: str, kind: DistributedType) -> None:
    config = load_config_from_file(str(CONFIGS / f"{name}.yaml"))
    assert config.distributed_type == kind
    # Names that its launcher does not know would be set and never read.
    known = set(vars(launch_command_parser().parse_args(["script.py"])))
    fsdp = {key if key.startswith("fsdp") else f"fsdp_{key}" for key in config.fsdp_config}
    assert fsdp | set(config.deepspeed_config) <= known


def test_each_shipped_configuration_is_tested() -> None:
    assert {path.stem for path in CONFIGS.glob("*.yaml")} == {"cpu-2", "zero3", "fsdp"}


def test_two_processes_on_a_cpu_go_through_torchs_launcher(tmp_path: Path) -> None:
    words = launch.command(tmp_path, {"processes": 2})
    arguments = launch_command_parser().parse_args(words[4:])
    assert (arguments.num_processes, arguments.multi_gpu, arguments.module) == (2, True, True)
    assert arguments.training_script == "vauto_worker.train_rank"
    assert load_config_from_file(arguments.config_file).mixed_precision == "no"


def test_the_token_is_in_no_file_and_no_command_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: dict[str, Any] = {}

    class Stopped(Exception):
        pass

    def look(words: list[str], env: dict[str, str], **_: Any) -> None:
        files = [path for path in tmp_path.rglob("*") if path.is_file()]
        seen.update(text=" ".join(words) + "".join(path.read_text() for path in files), env=env, files=len(files))
        raise Stopped

    monkeypatch.setattr(subprocess, "Popen", look)
    ask = {"url": "http://127.0.0.1:1", "token": "very-secret"}
    with pytest.raises(Stopped):
        launch.run({"output_dir": str(tmp_path), "processes": 2, "ask": ask})
    assert seen["files"] == 2
    assert "very-secret" not in seen["text"]
    assert seen["env"]["VAUTO_ASK_TOKEN"] == "very-secret"


def fault(code: str | None, kind: str = "RuntimeError", at: float = 1.0) -> dict[str, Any]:
    error = {"type": kind, "message": f"{kind} of {code}", "traceback": "…"}
    return {"error": error | ({"user": {"code": code, "fix": "mend it", "kind": "check"}} if code else {}), "at": at}


def ended(folder: Path, reports: dict[int, Any], deaths: list[tuple[int, int]] = (), status: int = 1) -> Any:
    for rank, report in reports.items():
        (folder / f"rank-{rank}.json").write_text(json.dumps(report))
    if deaths:
        (folder / "launcher.json").write_text(json.dumps([{"rank": r, "exit_code": code} for r, code in deaths]))
    return launch.outcome(folder, status, ["ValueError: no such field"])


def test_a_fault_of_the_user_comes_first(tmp_path: Path) -> None:
    reports = {0: fault(None, at=1), 1: fault("loss-not-finite", "UserFault", at=2), 2: fault("later", at=3)}
    with pytest.raises(UserFault) as caught:
        ended(tmp_path, reports, [(0, 1), (3, -9)])
    assert (caught.value.code, caught.value.fix, caught.value.kind) == ("loss-not-finite", "mend it", "check")


def test_a_killed_process_comes_before_those_that_missed_it(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="process 1 of the training ended by SIGKILL") as caught:
        ended(tmp_path, {0: fault(None)}, [(0, 1), (1, -9)])
    assert caught.value.code == "rank-died"
    assert "continues from the last checkpoint" in caught.value.fix


def test_the_first_error_counts_and_not_the_end_of_the_others(tmp_path: Path) -> None:
    reports = {0: fault(None, "LeadFailed", at=1), 1: fault(None, "ValueError", at=2), 2: fault(None, "OSError", at=3)}
    with pytest.raises(RuntimeError, match="ValueError of None"):
        ended(tmp_path, reports, [(1, 1), (2, -15)])


def test_a_process_that_says_nothing_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="process 1 of the training ended with exit status 3"):
        ended(tmp_path, {}, [(1, 3)])


def test_an_end_before_any_process_tells_the_last_line(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="status 1: ValueError: no such field"):
        ended(tmp_path, {})


def test_the_result_and_the_stop(tmp_path: Path) -> None:
    assert ended(tmp_path, {0: {"ok": {"steps": 4}}, 1: {"ok": {"steps": 4}}}, status=0) == {"steps": 4}
    with pytest.raises(Cancelled):
        ended(tmp_path, {0: {"cancelled": "after step 2"}, 1: {"cancelled": "after step 2"}}, status=0)


def test_a_process_whose_launcher_is_gone_already_ends_at_once() -> None:
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    rank = (
        f"import time; from vauto_worker.train_rank import watch_launcher; watch_launcher({gone.pid}); time.sleep(60)"
    )
    env = {**os.environ, "PYTHONPATH": str(Path(launch.__file__).parents[1])}
    assert subprocess.run([sys.executable, "-c", rank], env=env, timeout=30).returncode == 1


def test_a_process_ends_when_its_launcher_does(tmp_path: Path) -> None:
    rank = "import os, pathlib, sys, time; from vauto_worker.train_rank import watch_launcher; "
    rank += f"watch_launcher(os.getppid()); pathlib.Path({str(tmp_path / 'pid')!r}).write_text(str(os.getpid())); "
    rank += "time.sleep(60)"
    start = f"import subprocess, sys; subprocess.Popen([sys.executable, '-c', {rank!r}], start_new_session=True).wait()"
    env = {**os.environ, "PYTHONPATH": str(Path(launch.__file__).parents[1])}
    launcher = subprocess.Popen([sys.executable, "-c", start], env=env)
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        time.sleep(0.05)
    pid = int((tmp_path / "pid").read_text())
    launcher.kill()
    launcher.wait()
    end = time.monotonic() + 2
    while alive(pid) and time.monotonic() < end:
        time.sleep(0.05)
    assert not alive(pid)


def alive(pid: int) -> bool:
    """A process that ended and that nobody has collected does not count."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False
