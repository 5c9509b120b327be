"""Running requests through the engine: added in order, stepped until each has finished, results streamed."""

from __future__ import annotations

import hashlib
import json
import math
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import groupby
from operator import itemgetter
from typing import Any

from .early_exit import take_records
from .engine import Engine, RequestFault, fault_code, refusals
from .errors import UserFault
from .host import Host
from .media import CACHE

HEARTBEAT_SECONDS = 0.5
# Of a request: what decides its completion, besides prompt and media.
DECIDING = ("temperature", "top_p", "top_k", "max_tokens", "stop", "seed", "exit_threshold", "think_budget", "begin")
# Of a request that ended before its first answer was there.
NO_BOX = {"exited": False, "confidence": None, "reason": "no-box"}
DECODE_THREADS = 2
# Media that wait, decoded, for their requests' turn: at most 20 MB each with the paper's budget.
DECODED_AHEAD = 4


@dataclass
class Generation:
    """One `rollout.generate` call. Requests keep their order, so that the same call makes the same batches."""

    engine: Engine
    host: Host
    total: int
    keys: dict[str, str] = field(default_factory=dict)
    #: Forced beginnings of the requests that have one.
    begun: dict[str, Beginning] = field(default_factory=dict)
    #: Media that the next call will probably ask for.
    following: list[dict[str, Any]] = field(default_factory=list)
    done: int = 0
    finished_tokens: int = 0
    beaten: float = 0.0
    exits: dict[str, dict[str, Any]] = field(default_factory=dict)

    def run(self, requests: list[dict[str, Any]]) -> dict[str, Any]:
        """Result of the wire method; a request that fails becomes a `failed` event and hurts no other."""
        started = time.perf_counter()
        over = threading.Event()
        feed = decoded_ahead(requests, self.engine.load_media, lambda own: self.look_ahead(own, over))
        try:
            while not self.host.cancelled():
                self.fill(feed)
                if not self.engine.core.has_unfinished_requests():
                    break
                for output in self.engine.core.step():
                    self.finish(output)
                self.beat()
        finally:
            over.set()
            feed.close()
            self.drop_unfinished()
        self.beat(force=True)
        return {"seconds": time.perf_counter() - started, "generated_tokens": self.finished_tokens}

    def fill(self, feed: Iterator[tuple[dict[str, Any], Future[list[Any]]]]) -> None:
        """Adds requests until the engine has as many as it runs at once; the media of the next are decoded meanwhile.

        A step never takes more, so its batch is the same as if all had been added before the first. It is waited for
        media that are not decoded yet: batches must not depend on how long that takes.
        """
        most = self.engine.most_at_once
        while self.engine.core.get_num_unfinished_requests() < most and not self.host.cancelled():
            entry = next(feed, None)
            if entry is None:
                return
            self.add(*entry)
            self.beat()

    def look_ahead(self, own: list[Future[list[Any]]], over: threading.Event) -> None:
        """Decodes the next call's media into the cache when this call's `own` are decoded, until it is `over`."""
        if self.following:
            arguments = (self.following, own, self.engine.load_media, over)
            # The call does not wait for it: what is half decoded then, the next call waits for.
            threading.Thread(target=decode_for_later, args=arguments, daemon=True).start()

    def add(self, request: dict[str, Any], seen: Future[list[Any]]) -> None:
        name = str(request["id"])
        try:
            media = seen.result()
            begun = self.begun[name] = beginning(self.engine, request)
            prompt = self.engine.prompt(request["messages"], request["media"], media, begun.ids)
            self.keys[name] = content_key(self.engine, request, media)
            self.engine.core.add_request(name, prompt, sampling(self.engine, request, len(begun.ids)))
            if watched(request):
                self.exits[name] = NO_BOX
        except RequestFault as fault:
            self.fail(request["id"], fault.code, fault.message)
        except refusals() as error:
            self.fail(request["id"], fault_code(error), str(error))

    def fail(self, identity: int, code: str, message: str) -> None:
        self.done += 1
        self.host.emit("failed", {"id": identity, "code": code, "message": message})

    def finish(self, output: Any) -> None:
        if not output.finished:
            return
        completion = output.outputs[0]
        decision = self.decision(output.request_id)
        sampled = list(completion.token_ids)
        begun = self.begun.pop(output.request_id)
        token_ids = [*begun.ids, *sampled]
        decoded = self.engine.detokenizer.decode(token_ids)
        prompt_tokens = len(output.prompt_token_ids) - len(begun.ids)
        logprobs = [step[token].logprob for step, token in zip(completion.logprobs, sampled, strict=True)]
        self.done += 1
        self.finished_tokens += len(sampled)
        self.host.emit(
            "rollout",
            {
                "id": int(output.request_id),
                "key": self.keys[output.request_id],
                "text": decoded.text,
                "token_ids": token_ids,
                "logprobs": [*begun.logprobs, *logprobs],
                "token_ends": decoded.ends,
                "finish_reason": "exit" if decision and decision["exited"] else finish_reason(completion),
                "prompt_tokens": prompt_tokens,
                "cached_tokens": min(output.num_cached_tokens or 0, prompt_tokens),
                **({"forced": len(begun.ids)} if begun.ids else {}),
                **({} if decision is None else {"exit": decision}),
            },
        )

    def decision(self, name: str) -> dict[str, Any] | None:
        """What the early exit made of a finished request; None when it was not asked."""
        if name not in self.exits:
            return None
        for records in self.engine.core.collective_rpc(take_records):
            self.exits.update({name: record for name, record in records.items() if name in self.exits})
        return self.exits.pop(name)

    def beat(self, force: bool = False) -> None:
        now = time.perf_counter()
        if force or now - self.beaten >= HEARTBEAT_SECONDS:
            self.beaten = now
            tokens = self.finished_tokens + running_tokens(self.engine)
            self.host.emit("progress", {"done": self.done, "total": self.total, "generated_tokens": tokens})

    def drop_unfinished(self) -> None:
        """After a cancel or an error nothing of this call may run on in the next."""
        left = list(self.engine.core.output_processor.request_states)
        if left:
            self.engine.core.abort_request(left, internal=True)


def decoded_ahead(
    requests: list[dict[str, Any]],
    load: Callable[[list[dict[str, Any]]], list[Any]],
    last: Callable[[list[Future[list[Any]]]], None] = lambda under_way: None,
) -> Generator[tuple[dict[str, Any], Future[list[Any]]]]:
    """Each request with its decoded media, in order; those of the next DECODED_AHEAD are decoded on other threads.

    Requests about the same media that follow each other share one decoding. `last` is called once nothing is left to
    begin, with what is under way.
    """
    pool = ThreadPoolExecutor(DECODE_THREADS)
    try:
        ahead: deque[tuple[list[dict[str, Any]], Future[list[Any]]]] = deque()
        for media, group in groupby(requests, key=itemgetter("media")):
            ahead.append((list(group), pool.submit(load, media)))
            if len(ahead) > DECODED_AHEAD:
                yield from each(*ahead.popleft())
        last([seen for _, seen in ahead])
        while ahead:
            yield from each(*ahead.popleft())
    finally:
        pool.shutdown(cancel_futures=True)


def each(group: list[dict[str, Any]], seen: Future[list[Any]]) -> Iterator[tuple[dict[str, Any], Future[list[Any]]]]:
    return ((request, seen) for request in group)


def decode_for_later(
    media: list[dict[str, Any]],
    before: list[Future[list[Any]]],
    load: Callable[[list[dict[str, Any]]], list[Any]],
    over: threading.Event,
) -> None:
    """Decodes `media` in order after all of `before`, at most half of what the cache in memory holds."""
    wait(before)
    left = CACHE.limit // 2
    for medium in media:
        if over.is_set() or left <= 0:
            return
        # Whoever asks for it is told what is wrong with it.
        with suppress(RequestFault):
            left -= sum(item.nbytes for item in load([medium]))


@dataclass(frozen=True)
class Beginning:
    """Tokens that a completion is made to begin with, and the log-probs that they are reported with."""

    ids: list[int]
    logprobs: list[float]


def beginning(engine: Engine, request: dict[str, Any]) -> Beginning:
    """What the request forces; nothing without `begin`. Raises RequestFault.

    Whoever forces it chose it with `probability`: the first token's log-prob is that of the choice, and the others,
    which follow from it, have 0.
    """
    begin = request.get("begin")
    if begin is None:
        return Beginning([], [])
    if watched(request) or request.get("think_budget") is not None:
        raise RequestFault("engine", "a completion with a given beginning takes no early exit and no think budget")
    ids = engine.tokenizer.encode(begin["text"], add_special_tokens=False)
    if len(ids) >= request["max_tokens"]:
        message = f"the given beginning has {len(ids)} tokens, which leaves none of {request['max_tokens']} to generate"
        raise RequestFault("engine", message)
    return Beginning(ids, [math.log(begin["probability"]), *[0.0] * (len(ids) - 1)])


def watched(request: dict[str, Any]) -> bool:
    return request.get("exit_threshold") is not None


def early_exit(engine: Engine, request: dict[str, Any]) -> dict[str, Any] | None:
    """`extra_args` for the processor of early_exit/; RequestFault where vLLM runs none."""
    asked = {"vauto_threshold": request.get("exit_threshold"), "vauto_think_budget": request.get("think_budget")}
    given = {name: value for name, value in asked.items() if value is not None}
    if not given:
        return None
    if not engine.exits_early:
        message = "vLLM runs no early exit beside speculative decoding: remove engine.args.speculative_config"
        raise RequestFault("engine", message)
    return {**given, "vauto_id": str(request["id"])}


def sampling(engine: Engine, request: dict[str, Any], forced: int = 0) -> Any:
    """vLLM's sampling parameters behind `forced` given tokens; UserFault for values that it refuses.

    Log-probs are the model's own at temperature 1, before any bias or truncation.
    """
    from vllm import SamplingParams
    from vllm.sampling_params import RequestOutputKind

    stop = request["stop"]
    try:
        return SamplingParams(
            temperature=request["temperature"],
            top_p=request["top_p"],
            top_k=request["top_k"],
            max_tokens=request["max_tokens"] - forced,
            seed=request["seed"],
            stop=stop or None,
            include_stop_str_in_output=True,
            # vLLM's own text is needed only to watch for stop strings.
            detokenize=bool(stop),
            logprobs=0,
            logit_bias=engine.suppressed or None,
            output_kind=RequestOutputKind.FINAL_ONLY,
            extra_args=early_exit(engine, request),
        )
    except refusals() as error:
        raise UserFault(
            "sampling", f"vLLM refuses the sampling: {error}", "change it in the recipe", "recipe"
        ) from error


def finish_reason(completion: Any) -> str:
    return completion.finish_reason if completion.finish_reason in ("stop", "length") else "abort"


def running_tokens(engine: Engine) -> int:
    states = engine.core.output_processor.request_states.values()
    return sum(state.detokenizer.num_output_tokens() for state in states if state.detokenizer is not None)


def content_key(engine: Engine, request: dict[str, Any], media: list[Any]) -> str:
    """Hash of everything that decides a completion: weights, prompt ids, pixels, libraries, sampling, seed."""
    content = {
        "weights": engine.weights,
        "prompt": engine.prompt_ids(request["messages"]),
        "media": [item.digest for item in media],
        "libraries": engine.info()["libraries"],
        "sampling": {name: request[name] for name in DECIDING if name in request},
    }
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
