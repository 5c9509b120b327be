"""The Python end of the bridge, with the JavaScript end played by plain functions."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import LOAD
from jsonschema import Draft202012Validator

from vauto_worker import env, serve, torchvision_ops
from vauto_worker.errors import UserFault
from vauto_worker.host import Host
from vauto_worker.wire import encode

PACKAGE = Path(serve.__file__).parent
PROTOCOL: dict[str, Any] = json.loads((PACKAGE / "protocol.schema.json").read_text(encoding="utf-8"))["methods"]


class Script:
    """What TypeScript would see and say."""

    def __init__(self, reply: str = "go") -> None:
        self.events: list[Any] = []
        self.reply = reply
        self.beats = 0
        self.busy = threading.Lock()

    def post(self, events: str) -> str:
        assert self.busy.acquire(blocking=False), "two calls over pythonia at once"
        time.sleep(0.001)
        batch = json.loads(events)
        self.beats += not batch
        self.events += batch
        self.busy.release()
        return self.reply

    def ask(self, question: str) -> str:
        assert self.busy.acquire(blocking=False), "two calls over pythonia at once"
        name, payload = json.loads(question)
        self.busy.release()
        return json.dumps({"error": "no"} if name == "refuse" else {"value": payload["number"] * 2})


@pytest.fixture
def script() -> Script:
    return Script()


def run(
    script: Script, monkeypatch: pytest.MonkeyPatch, method: Callable[..., Any], params: Any = None
) -> dict[str, Any]:
    monkeypatch.setattr(serve, "_post", script.post)
    monkeypatch.setattr(serve, "_ask", script.ask)
    monkeypatch.setattr(serve, "_find", lambda name: method)
    return json.loads(serve.call("test.method", json.dumps(params or {})))


def test_result_and_events_come_back_in_order(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    def method(params: dict[str, Any], host: Host) -> dict[str, Any]:
        for number in range(100):
            host.emit("number", {"number": number})
        return {"got": params["x"]}

    reply = run(script, monkeypatch, method, {"x": 1})
    assert reply["ok"] == {"got": 1}
    assert script.events + reply["events"] == [["number", {"number": number}] for number in range(100)]


def test_questions_from_many_threads_never_overlap(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    answers: list[Any] = []

    def method(params: dict[str, Any], host: Host) -> dict[str, Any]:
        def work(number: int) -> None:
            host.emit("asking", {"number": number})
            answers.append((number, host.ask("double", {"number": number})))

        threads = [threading.Thread(target=work, args=(number,)) for number in range(20)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        return {}

    reply = run(script, monkeypatch, method)
    assert sorted(answers) == [(number, 2 * number) for number in range(20)]
    assert len(script.events + reply["events"]) == 20


def test_a_question_comes_after_the_events_before_it(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def method(params: dict[str, Any], host: Host) -> dict[str, Any]:
        host.emit("first", {})
        host.ask("double", {"number": 1})
        seen.append(len(script.events))
        return {}

    run(script, monkeypatch, method)
    assert seen == [1]


def test_a_refused_question_raises(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    reply = run(script, monkeypatch, lambda params, host: host.ask("refuse", {}))
    assert reply["error"]["type"] == "RuntimeError"
    assert "refuse failed in TypeScript: no" in reply["error"]["message"]


def test_a_silent_method_still_has_a_heartbeat_and_hears_of_its_cancellation(monkeypatch: pytest.MonkeyPatch) -> None:
    script = Script(reply="cancel")

    def method(params: dict[str, Any], host: Host) -> dict[str, Any]:
        deadline = time.monotonic() + 5
        while not host.cancelled() and time.monotonic() < deadline:
            time.sleep(0.01)
        return {"cancelled": host.cancelled()}

    assert run(script, monkeypatch, method)["ok"] == {"cancelled": True}
    assert script.beats == 1


def test_exceptions_are_described(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    def method(params: dict[str, Any], host: Host) -> dict[str, Any]:
        raise KeyError("gone")

    error = run(script, monkeypatch, method)["error"]
    assert (error["type"], error["message"]) == ("KeyError", "'gone'")
    assert "raise KeyError" in error["traceback"]
    assert "user" not in error


def test_user_faults_keep_code_kind_and_fix(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    def method(params: dict[str, Any], host: Host) -> dict[str, Any]:
        raise UserFault("no-model", "nothing there", "name a folder", kind="recipe")

    error = run(script, monkeypatch, method)["error"]
    assert error["message"] == "nothing there"
    assert error["user"] == {"code": "no-model", "kind": "recipe", "fix": "name a folder"}


def test_numbers_that_json_lacks_become_null() -> None:
    import numpy as np

    value = {"a": float("nan"), "b": [np.float32("inf"), np.int64(3), np.array([1.5, np.nan])], "c": (1, None, True)}
    assert json.loads(encode(value)) == {"a": None, "b": [None, 3, [1.5, None]], "c": [1, None, True]}


def test_what_json_cannot_say_at_all_is_refused() -> None:
    with pytest.raises(TypeError, match="object cannot cross the bridge"):
        encode({"x": object()})


@pytest.mark.parametrize("name", PROTOCOL)
def test_every_method_of_the_protocol_exists(name: str) -> None:
    module, _, function = name.partition(".")
    file = PACKAGE / f"{serve._RENAMED.get(module, module)}.py"
    assert f"\ndef {function}(" in file.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["env.describe", "env.engine_arguments"])
def test_replies_fit_the_protocol(name: str) -> None:
    result = getattr(env, name.partition(".")[2])({})
    Draft202012Validator(PROTOCOL[name]["result"]).validate(result)


def test_option_names_are_those_of_the_classes() -> None:
    script = """
import dataclasses, json
from vauto_worker.torchvision_ops import activate; activate()
from vllm import EngineArgs
from trl import GRPOConfig
names = lambda options: sorted(field.name for field in dataclasses.fields(options))
print(json.dumps({"engine": names(EngineArgs), "trl": names(GRPOConfig)}))
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert env.engine_arguments({}) == json.loads(done.stdout.strip().splitlines()[-1])


def test_serving_imports_no_heavy_library() -> None:
    script = """
import sys
from vauto_worker import env, serve
env.engine_arguments({})
print({"torch", "vllm", "numpy"} & set(sys.modules))
"""
    done = bare_python(script)
    assert done.stdout.strip() == "set()", done.stderr


def test_torchvision_loads_where_its_operators_do_not(tmp_path: Path) -> None:
    pth = torchvision_ops.install_hook(tmp_path)
    assert pth.read_text(encoding="utf-8").startswith("import ")
    script = (
        f"import site; site.addsitedir({str(tmp_path)!r}); import torch, torchvision;"
        "from torchvision.transforms import v2; print(hasattr(torch.ops.torchvision, 'nms'))"
    )
    done = bare_python(script)
    assert done.stdout.strip() == "True", done.stderr


def test_the_hook_is_put_in_once() -> None:
    before = list(sys.meta_path)
    try:
        torchvision_ops.activate()
        torchvision_ops.activate()
        assert sum(type(finder).__name__ == "_ExtensionFinder" for finder in sys.meta_path) <= 1
    finally:
        sys.meta_path[:] = before


def bare_python(script: str) -> subprocess.CompletedProcess[str]:
    """Runs a script with site-packages on its path, but without the `.pth` files in there."""
    path = os.pathsep.join([str(PACKAGE.parent), *(entry for entry in sys.path if "site-packages" in entry)])
    command = [sys.executable, "-S", "-c", script]
    return subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONPATH": path})


CHILD = """
import os, time
from vauto_worker import serve
serve._die_with_parent(os.getppid())
print(os.getpid(), flush=True)
time.sleep(60)
"""


def test_a_process_dies_with_its_parent() -> None:
    parent = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {CHILD!r}])"
    env_with_package = {**os.environ, "PYTHONPATH": str(PACKAGE.parent)}
    started = subprocess.Popen([sys.executable, "-c", parent], stdout=subprocess.PIPE, text=True, env=env_with_package)
    assert started.stdout is not None
    child = int(started.stdout.readline())
    started.kill()
    started.wait()
    deadline = time.monotonic() + 5
    while running(child) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not running(child)


def running(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state != "Z"


def test_an_engine_of_a_tiny_model_has_one_thread() -> None:
    # With more, what a completion is depends on the requests beside it. The number is read when torch is imported,
    # which a call to a new process in the place of a lost one must not do.
    script = (
        "import json, sys\n"
        "from vauto_worker import rollout\n"
        "for early, params in ((rollout.generate, {'requests': []}), (rollout.inspect, {'samples': []})):\n"
        "    try:\n"
        "        early(params, None)\n"
        "    except rollout.NotLoaded:\n"
        "        print('not loaded')\n"
        "rollout.load(json.loads(sys.argv[1]), None)\n"
        "import torch\n"
        "print('threads', torch.get_num_threads())\n"
        "rollout.close()\n"
    )
    # vLLM preloads an OpenMP library for processes that it starts, which reads the number when the process begins.
    own = ("OMP_NUM_THREADS", "LD_PRELOAD")
    environment = {name: value for name, value in os.environ.items() if name not in own}
    environment["PYTHONPATH"] = str(PACKAGE.parent)
    run = subprocess.run(
        [sys.executable, "-c", script, json.dumps(LOAD)], capture_output=True, text=True, env=environment, check=False
    )
    assert run.stdout.count("not loaded") == 2
    assert "threads 1\n" in run.stdout, run.stderr[-2000:]
