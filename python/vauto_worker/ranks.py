"""The processes of one training: what each holds of a step, and what they must know or decide together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import torch

from .train_samples import Samples

T = TypeVar("T")


class LeadFailed(RuntimeError):
    """The first process failed at what it does for all; its own error tells more."""


class Ranks:
    """Every method but `own` is collective: all processes have to call it, or those that do wait for the others.

    In a training of one process none of them costs anything.
    """

    def __init__(self, accelerator: Any):
        self.accelerator = accelerator
        self.count: int = accelerator.num_processes
        self.index: int = accelerator.process_index
        self.lead: bool = accelerator.is_main_process

    def own(self, items: Sequence[T]) -> list[T]:
        """This process's part of what all hold together, in the order in which TRL shares a round out."""
        size = len(items) // self.count
        return list(items[self.index * size : (self.index + 1) * size])

    def everyones(self, items: list[T]) -> list[T]:
        """The items of all processes, in their order."""
        if self.count == 1:
            return items
        from accelerate.utils import gather_object

        return gather_object(items)

    def any(self, flag: bool) -> bool:
        """Whether it holds for one of them: what ends a training must end it everywhere in the same step."""
        return any(self.everyones([flag]))

    def total(self, count: int) -> int:
        return sum(self.everyones([count]))

    def rows(self, numbers: Sequence[float]) -> torch.Tensor:
        """The numbers of each process, [count, len(numbers)], float64."""
        return torch.tensor(self.everyones([list(numbers)]), dtype=torch.float64)

    def from_lead(self, make: Callable[[], T]) -> T:
        """What the first process makes, in all. Its error is raised there; LeadFailed in the others."""
        if self.count == 1:
            return make()
        from accelerate.utils import broadcast_object_list

        told: list[Any] = [None]
        failure: Exception | None = None
        if self.lead:
            try:
                told = [{"value": make()}]
            except Exception as error:
                told, failure = [{"error": str(error)}], error
        broadcast_object_list(told)
        if failure is not None:
            raise failure
        if "error" in told[0]:
            raise LeadFailed(told[0]["error"])
        return told[0]["value"]

    def wait(self) -> None:
        """Until all are here."""
        self.accelerator.wait_for_everyone()


class LeadHost:
    """Asks once for all processes, of which each gets the answer."""

    def __init__(self, host: Any, ranks: Ranks):
        self.host = host
        self.ranks = ranks

    def ask(self, name: str, payload: dict[str, Any]) -> dict[str, Any]:
        return self.ranks.from_lead(lambda: self.host.ask(name, payload))


def usable(samples: Samples, ranks: Ranks, wanted: Sequence[str], keep: Sequence[str] = ()) -> list[str]:
    """`samples.usable` for a round that the processes hold together: the same answer in each.

    A group may lie in two processes, and a broken prompt has to have one stand-in in both. Each decodes its own part;
    only where something is broken do all look at the whole round. Collective.
    """
    if ranks.count == 1:
        return samples.usable(wanted, keep)
    own = dict.fromkeys(ranks.own(wanted))
    for prompt_id in own:
        samples.loads(prompt_id)
    samples.broken |= set(ranks.everyones(sorted(samples.broken)))
    if not samples.broken.isdisjoint(wanted):
        return samples.usable(wanted, keep)
    samples.forget({*own, *keep})
    return list(wanted)
