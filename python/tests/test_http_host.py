"""Questions over HTTP: what is tried again, what is given up, and that a reward which never comes is None."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from transformers import AutoTokenizer

from vauto_worker.errors import NoAnswer
from vauto_worker.http_host import HttpHost
from vauto_worker.reward_client import RewardClient

TINY = Path(__file__).resolve().parents[2] / "recipes" / "tiny" / "model"
Answer = tuple[int, dict[str, Any]] | None


class Server:
    """Answers by `reply(path, body)`; None: hangs up without an answer."""

    def __init__(self, reply: Callable[[str, dict[str, Any]], Answer], port: int = 0):
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.headers: list[Any] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:  # noqa: N802
                text = self.rfile.read(int(self.headers["content-length"]))
                body = json.loads(text) if text else {}
                outer.requests.append((self.path, body))
                outer.headers.append(self.headers)
                answer = reply(self.path, body)
                if answer is None:
                    self.connection.close()
                    return
                content = json.dumps(answer[1]).encode()
                self.send_response(answer[0])
                self.send_header("content-length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def of(self, path: str) -> list[dict[str, Any]]:
        return [body for asked, body in self.requests if asked == path]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@contextmanager
def serving(reply: Callable[[str, dict[str, Any]], Answer], port: int = 0) -> Iterator[Server]:
    server = Server(reply, port)
    try:
        yield server
    finally:
        server.close()


def host_of(port: int, rank: int = 1, deadline: float = 5.0) -> HttpHost:
    return HttpHost(f"http://127.0.0.1:{port}", "secret", rank, deadline)


def in_turn(*answers: Answer) -> Callable[[str, dict[str, Any]], Answer]:
    """The last one is given for ever."""
    left = list(answers)
    return lambda *_: left.pop(0) if len(left) > 1 else left[0]


GIVEN = (200, {"value": {"rewards": [1.0]}})


def test_a_question_goes_with_token_and_payload() -> None:
    with serving(in_turn(GIVEN)) as server:
        assert host_of(server.port).ask("reward", {"step": 1}) == {"rewards": [1.0]}
        assert server.requests[0][1]["payload"] == {"step": 1}
        assert server.headers[0]["authorization"] == "Bearer secret"


@pytest.mark.parametrize("first", [None, (500, {}), (503, {"error": "busy"})])
def test_a_lost_answer_is_asked_for_again_under_the_same_id(first: Answer) -> None:
    with serving(in_turn(first, first, GIVEN)) as server:
        assert host_of(server.port).ask("reward", {"step": 1}) == {"rewards": [1.0]}
        assert len(server.requests) == 3
        assert len({body["id"] for _, body in server.requests}) == 1
        host_of(server.port).ask("reward", {"step": 1})
        assert len({body["id"] for _, body in server.requests}) == 2


def test_the_service_may_be_away_for_a_while() -> None:
    with serving(in_turn(GIVEN)) as server:
        port = server.port
    answers: list[Any] = []
    asking = threading.Thread(target=lambda: answers.append(host_of(port, deadline=20).ask("reward", {"step": 1})))
    asking.start()
    time.sleep(0.5)
    assert answers == []
    with serving(in_turn(GIVEN), port):
        asking.join(10)
    assert answers == [{"rewards": [1.0]}]


@pytest.mark.parametrize("status", [400, 401, 404, 413])
def test_what_is_refused_is_not_asked_again(status: int) -> None:
    with serving(in_turn((status, {"error": "no such step"}))) as server:
        with pytest.raises(RuntimeError, match=f"/ask/reward was refused with status {status}: no such step"):
            host_of(server.port).ask("reward", {"step": 1})
        assert len(server.requests) == 1


def test_what_failed_is_not_asked_again() -> None:
    with serving(in_turn((200, {"error": "the disk is full"}))) as server:
        with pytest.raises(RuntimeError, match="weights failed in TypeScript: the disk is full"):
            host_of(server.port).ask("weights", {})
        assert len(server.requests) == 1


def test_rollouts_may_take_longer_than_the_deadline_as_long_as_somebody_is_at_work() -> None:
    begun = time.monotonic()

    def slow(*_: Any) -> Answer:
        return (202, {"pending": True}) if time.monotonic() - begun < 1.5 else GIVEN

    with serving(slow) as server:
        assert host_of(server.port, deadline=0.6).ask("rollouts", {"step": 1}) == {"rewards": [1.0]}
        assert len({body["id"] for _, body in server.requests}) == 1


def test_a_question_that_nobody_answers_is_given_up() -> None:
    with serving(in_turn(GIVEN)) as server:
        port = server.port
    begun = time.monotonic()
    with pytest.raises(NoAnswer, match=r"/ask/weights: no answer within 0.5 s \(.*refused"):
        host_of(port, deadline=0.5).ask("weights", {})
    assert time.monotonic() - begun < 2


def client_of(host: Any, group_size: int = 4, part: int | None = None) -> RewardClient:
    return RewardClient(host, AutoTokenizer.from_pretrained(TINY), group_size, part)


def ask(client: RewardClient, prompts: list[str]) -> list[float | None]:
    return client(prompts=prompts, completion_ids=[[5, 6]] * len(prompts), trainer_state=SimpleNamespace(global_step=2))


def test_rewards_that_never_come_are_none_and_counted() -> None:
    def working(path: str, _: dict[str, Any]) -> Answer:
        return (202, {"pending": True}) if path == "/ask/reward" else (200, {"cancelled": False})

    with serving(working) as server:
        client = client_of(host_of(server.port, deadline=0.5), part=4)
        assert ask(client, ["a"] * 3) == [None, None, None]
        assert client.ungraded == 3
        (warning,) = server.of("/event/warning")
    assert warning["payload"]["message"].startswith(
        "step 3: 3 completions have no reward and teach nothing: /ask/reward"
    )


def test_a_warning_that_nobody_takes_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(in_turn(GIVEN)) as server:
        port = server.port
    assert ask(client_of(host_of(port, deadline=0.3)), ["a", "b"]) == [None, None]
    assert "warning: step 3: 2 completions have no reward" in capsys.readouterr().err


def test_each_completion_of_a_group_has_an_index_of_its_own_wherever_it_was_made() -> None:
    asked = []

    def grade(_: str, body: dict[str, Any]) -> Answer:
        asked.append(body["payload"])
        return 200, {"value": {"rewards": [0.0] * len(body["payload"]["completions"])}}

    with serving(grade) as server:
        # Three groups of four in two processes; the second group lies in both.
        for part, prompts in ((0, ["a"] * 4 + ["b"] * 2), (6, ["b"] * 2 + ["c"] * 4)):
            ask(client_of(host_of(server.port), part=part), prompts)
    assert [question["part"] for question in asked] == [0, 6]
    names = [(entry["prompt_id"], entry["index"]) for question in asked for entry in question["completions"]]
    assert names == [(prompt, index) for prompt in "abc" for index in range(4)]


def test_only_the_first_process_tells_of_steps_and_any_warns() -> None:
    with serving(in_turn((200, {"cancelled": False}))) as server:
        first, second = host_of(server.port, rank=0), host_of(server.port, rank=1)
        for host in (first, second):
            host.emit("step", {"step": 1})
            host.emit("warning", {"message": "odd"})
        first.close()
        assert len(server.of("/event/step")) == 1
        assert len(server.of("/event/warning")) == 2


def test_the_first_process_hears_within_a_second_that_it_is_to_stop() -> None:
    with serving(in_turn((200, {"cancelled": True}))) as server:
        host = host_of(server.port, rank=0)
        assert not host.cancelled()
        time.sleep(1)
        assert host.cancelled()
        host.close()


def test_an_event_that_cannot_be_taken_ends_the_training() -> None:
    with serving(in_turn((200, {"cancelled": True, "error": "the store is locked"}))) as server:
        host = host_of(server.port, rank=0)
        with pytest.raises(RuntimeError, match="step failed in TypeScript: the store is locked"):
            host.emit("step", {"step": 1})
        host.close()
