"""The pool of math-verify processes: what an answer does to its process costs that answer and no other."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from vauto_worker.math_pool import MathPool
from vauto_worker.math_verify import verify

HERE = Path(__file__).parent
GOOD = (r"\frac{1}{2}", "0.5")


@pytest.fixture
def pool(monkeypatch: pytest.MonkeyPatch) -> Iterator[MathPool]:
    monkeypatch.syspath_prepend(str(HERE))
    made = MathPool(workers=2, zygote="spiteful_zygote")
    yield made
    made.close()


def processes_of(parent: int) -> list[int]:
    """All descendants of a process that still run."""
    children: dict[int, list[int]] = {}
    for stat in Path("/proc").glob("[0-9]*/stat"):
        try:
            fields = stat.read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if fields[0] != "Z":
            children.setdefault(int(fields[1]), []).append(int(stat.parent.name))
    found, following = [], [parent]
    while following:
        following = [child for process in following for child in children.get(process, [])]
        found += following
    return found


@pytest.mark.parametrize(
    ("answer", "state"), [("loop", "timeout"), ("crash", "error"), ("leave", "error"), ("swallow", "error")]
)
def test_one_answer_is_lost_and_its_neighbours_are_not(pool: MathPool, answer: str, state: str) -> None:
    results = pool.compare([GOOD, ("1", answer), GOOD, ("1", answer), ("3", "4"), GOOD], seconds=1.0)
    assert [result["equal"] for result in results] == [True, None, True, None, False, True]
    assert [results[place]["state"] for place in (1, 3)] == [state, state]


def test_an_answer_that_waited_is_not_charged_for_it(pool: MathPool) -> None:
    started = time.monotonic()
    results = pool.compare([("1", "loop")] * 4 + [GOOD] * 20, seconds=0.5)
    assert [result["state"] for result in results] == ["timeout"] * 4 + ["graded"] * 20
    assert time.monotonic() - started < 10


def test_replaced_processes_do_not_pile_up(monkeypatch: pytest.MonkeyPatch) -> None:
    # Engines of earlier tests leave Python's resource tracker running beneath this process.
    others = set(processes_of(os.getpid()))
    monkeypatch.syspath_prepend(str(HERE))
    pool = MathPool(workers=2, zygote="spiteful_zygote")
    pool.compare([("1", "crash")] * 30 + [GOOD], seconds=5.0)
    pool.compare([GOOD] * 4, seconds=5.0)
    # The zygote and two children; one that was replaced may take a moment to be gone.
    deadline = time.monotonic() + 5
    while len(left := set(processes_of(os.getpid())) - others) > 3 and time.monotonic() < deadline:
        time.sleep(0.05)
    assert len(left) <= 3
    pool.close()
    assert set(processes_of(os.getpid())) <= others


def test_nothing_is_left_when_the_parent_is_killed_in_the_middle() -> None:
    script = (
        "from vauto_worker.math_pool import MathPool\n"
        "pool = MathPool(workers=2, zygote='spiteful_zygote')\n"
        "pool.compare([('1', '1')], 5.0); print('ready', flush=True)\n"
        "pool.compare([('1', 'loop')] * 2, 60.0)\n"
    )
    path = os.pathsep.join([str(HERE), str(HERE.parent)])
    with subprocess.Popen(
        [sys.executable, "-c", script], stdout=subprocess.PIPE, env=os.environ | {"PYTHONPATH": path}
    ) as parent:
        assert parent.stdout is not None and parent.stdout.readline() == b"ready\n"
        deadline = time.monotonic() + 10
        while len(family := processes_of(parent.pid)) < 3 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert len(family) == 3
        time.sleep(0.2)
        parent.send_signal(signal.SIGKILL)
    deadline = time.monotonic() + 5
    while (left := [pid for pid in family if alive(pid)]) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert left == []


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_pair_is_asked_once_and_its_verdict_kept() -> None:
    items = [{"gold": "x^2+2x+1", "answer": "(x+1)^2"}] * 500
    first = verify({"items": items, "timeout_seconds": 5.0}, None)["results"]
    assert len(first) == 500 and all(result["equal"] for result in first)
    started = time.perf_counter()
    assert verify({"items": items, "timeout_seconds": 5.0}, None)["results"] == first
    assert time.perf_counter() - started < 0.5
