"""The logits processor: follows requests by their sampled tokens and decides what may be sampled next."""

from __future__ import annotations

import logging
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import torch
from vllm.sampling_params import SamplingParams
from vllm.v1.sample.logits_processor import BatchUpdate, LogitsProcessor, MoveDirectionality

from ..tokens import Detokenizer
from .follower import Follower

log = logging.getLogger(__name__)

# Decisions that nobody took: the oldest go first.
_MOST_RECORDS = 65_536
# Requests that left the batch before their first answer was there, because they were preempted or cancelled.
_MOST_PARKED = 256

_records: OrderedDict[str, dict[str, Any]] = OrderedDict()


def take_records(_worker: Any = None) -> dict[str, dict[str, Any]]:
    """Decisions since the last call by `vauto_id`: {exited, confidence, reason}. For `collective_rpc`."""
    taken = dict(_records)
    _records.clear()
    return taken


@dataclass(frozen=True)
class Options:
    threshold: float | None
    think_budget: int | None
    name: str | None


def options_of(params: SamplingParams) -> Options | None:
    """What a request asks for; None when nothing. Raises ValueError (HTTP 400) for what cannot be done."""
    extra = params.extra_args or {}
    threshold, budget, name = (extra.get(f"vauto_{key}") for key in ("threshold", "think_budget", "id"))
    if threshold is None and budget is None:
        return None
    if threshold is not None and not (_is_number(threshold) and 0 < threshold <= 1):
        raise ValueError(f"vauto_threshold is {threshold!r}; a number above 0 and at most 1 is needed")
    if budget is not None and not (_is_number(budget) and budget >= 0 and int(budget) == budget):
        raise ValueError(f"vauto_think_budget is {budget!r}; a whole number of tokens is needed")
    if threshold is not None and params.ignore_eos and not params.stop_token_ids:
        raise ValueError("vauto_threshold ends a request early, but ignore_eos keeps it from ending")
    return Options(
        None if threshold is None else float(threshold),
        None if budget is None else int(budget),
        None if name is None else str(name),
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


@dataclass
class _Request:
    follower: Follower
    params: SamplingParams
    options: Options
    #: vLLM's own list of the sampled tokens; it grows.
    output: list[int]
    #: Log-probs from which the next token is sampled: [rows, vocabulary] and the row in it.
    pending: tuple[torch.Tensor, int] | None = None
    recorded: bool = False
    #: Logit biases of the request, undone for the log-probs: (ids, values).
    bias: tuple[tuple[int, ...], tuple[float, ...]] = field(default=((), ()))

    @property
    def seen(self) -> int:
        return len(self.follower.token_ids)


class EarlyExit(LogitsProcessor):
    """Reads vLLM's output lists when it is applied, not before: by then asynchronous scheduling has filled them in."""

    @classmethod
    def validate_params(cls, sampling_params: SamplingParams) -> None:
        options_of(sampling_params)

    def __init__(self, vllm_config: Any, device: torch.device, is_pin_memory: bool) -> None:
        from vllm.tokenizers import cached_tokenizer_from_config

        self.detokenizer = Detokenizer(cached_tokenizer_from_config(vllm_config.model_config))
        self.requests: dict[int, _Request] = {}
        self.parked: OrderedDict[tuple[int, tuple[int, ...]], _Request] = OrderedDict()
        self.warned = False

    def is_argmax_invariant(self) -> bool:
        return False

    def update_state(self, batch_update: BatchUpdate | None) -> None:
        if batch_update is None:
            return
        # vLLM lists a row that is taken over at once only as added.
        for index, params, _, output in batch_update.added:
            self._park(self.requests.pop(index, None))
            request = self._begin(params, output)
            if request is not None:
                self.requests[index] = request
        for index in batch_update.removed:
            self._park(self.requests.pop(index, None))
        for source, target, direction in batch_update.moved:
            moved, replaced = self.requests.pop(source, None), self.requests.pop(target, None)
            if moved is not None:
                self.requests[target] = moved
            if replaced is not None and direction == MoveDirectionality.SWAP:
                self.requests[source] = replaced

    def apply(self, logits: torch.Tensor) -> torch.Tensor:
        if not self.requests:
            return logits
        self._read_tokens(self.requests.values())
        for index, request in list(self.requests.items()):
            follower = request.follower
            if follower.decision is not None and not request.recorded:
                self._record(request)
            if follower.decision is not None and follower.decision.exited:
                _only(logits, index, _end_token(request.params))
            elif follower.forced:
                _only(logits, index, follower.forced[0])
            elif follower.idle:
                del self.requests[index]
        self._keep_logprobs(logits)
        return logits

    def _begin(self, params: SamplingParams, output: list[int]) -> _Request | None:
        options = options_of(params)
        if options is None:
            return None
        parked = self._unpark(params, output)
        if parked is not None:
            parked.output = output
            return parked
        follower = Follower(self.detokenizer, options.threshold, options.think_budget)
        biases = params.logit_bias or {}
        return _Request(follower, params, options, output, bias=(tuple(biases), tuple(biases.values())))

    def _park(self, request: _Request | None) -> None:
        """Keeps what is known of a request that leaves the batch: when it was preempted it comes back."""
        if request is None or request.follower.idle:
            return
        if request.pending is not None:
            # Not the log-probs of the whole batch.
            rows, row = request.pending
            request.pending = (rows[row : row + 1].clone(), 0)
        self.parked[id(request.params), tuple(request.follower.token_ids)] = request
        if len(self.parked) > _MOST_PARKED:
            self.parked.popitem(last=False)

    def _unpark(self, params: SamplingParams, output: list[int]) -> _Request | None:
        """The request as it was: the last token may have been sampled after its state was read."""
        for length in (len(output), len(output) - 1):
            if length >= 0 and output:
                found = self.parked.pop((id(params), tuple(output[:length])), None)
                if found is not None:
                    return found
        return None

    def _read_tokens(self, requests: Iterable[_Request]) -> None:
        """Gives each follower the tokens sampled since; one transfer from the device for all that need log-probs."""
        waiting: dict[int, list[_Request]] = {}
        for request in requests:
            if len(request.output) == request.seen:
                continue
            if request.output[-1] < 0:
                self._blind(request)
            elif request.pending is not None and len(request.output) == request.seen + 1:
                waiting.setdefault(id(request.pending[0]), []).append(request)
            else:
                # Came back without its state: what was sampled before is read without log-probs.
                for token in request.output[request.seen :]:
                    request.follower.push(token, None)
        for group in waiting.values():
            rows = group[0].pending[0]
            places = [(request.pending[1], request.output[-1]) for request in group]
            values = rows[[row for row, _ in places], [token for _, token in places]].tolist()
            for request, value in zip(group, values, strict=True):
                request.pending = None
                request.follower.push(request.output[-1], value)

    def _keep_logprobs(self, logits: torch.Tensor) -> None:
        """The model's own log-probs of this step, without biases, for the rows whose first answer is open."""
        open_rows = [(index, request) for index, request in self.requests.items() if request.follower.needs_logprobs]
        if not open_rows:
            return
        rows = logits[[index for index, _ in open_rows]].float()
        for bias in {request.bias for _, request in open_rows}:
            ids, values = bias
            if ids:
                of = [place for place, (_, request) in enumerate(open_rows) if request.bias == bias]
                undo = torch.tensor(values, device=rows.device)
                rows[torch.tensor(of)[:, None], torch.tensor(ids)[None, :]] -= undo
        logprobs = rows.log_softmax(dim=-1)
        for place, (_, request) in enumerate(open_rows):
            request.pending = (logprobs, place)

    def _record(self, request: _Request) -> None:
        request.recorded = True
        name, decision = request.options.name, request.follower.decision
        if name is None or decision is None:
            return
        _records[name] = decision._asdict()
        if len(_records) > _MOST_RECORDS:
            _records.popitem(last=False)

    def _blind(self, request: _Request) -> None:
        """vLLM hands over placeholders unless the processor is named at its start."""
        request.follower.idle = True
        if not self.warned:
            self.warned = True
            log.error(
                "early exit cannot see the sampled tokens: start vLLM with "
                "--logits-processors vauto_worker.early_exit:EarlyExit, or with --no-async-scheduling"
            )


def _only(logits: torch.Tensor, row: int, token: int) -> None:
    logits[row] = float("-inf")
    logits[row, token] = 0.0


def _end_token(params: SamplingParams) -> int:
    eos = params.eos_token_id
    return eos if eos is not None else next(iter(params.stop_token_ids or params.all_stop_token_ids))
