"""Decoded media in memory, shared by the threads of a process."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Protocol


class Sized(Protocol):
    @property
    def nbytes(self) -> int: ...


@dataclass
class FrameCache:
    """Least recently used decoded media, bounded in bytes; callers on several threads share one decoding."""

    limit: int
    entries: OrderedDict[Any, Sized] = field(default_factory=OrderedDict)
    bytes: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)
    under_way: dict[Any, threading.Lock] = field(default_factory=dict)

    def get(self, key: Any, make: Callable[[], Any]) -> Any:
        with self.lock:
            turn = self.under_way.setdefault(key, threading.Lock())
        with turn:
            try:
                with self.lock:
                    if key in self.entries:
                        self.entries.move_to_end(key)
                        return self.entries[key]
                made = make()
                self.keep(key, made)
                return made
            finally:
                with self.lock:
                    self.under_way.pop(key, None)

    def keep(self, key: Any, made: Sized) -> None:
        with self.lock:
            replaced = self.entries.pop(key, None)
            self.entries[key] = made
            self.bytes += made.nbytes - (replaced.nbytes if replaced is not None else 0)
            while self.bytes > self.limit and len(self.entries) > 1:
                _, dropped = self.entries.popitem(last=False)
                self.bytes -= dropped.nbytes

    def clear(self) -> None:
        with self.lock:
            self.entries.clear()
            self.under_way.clear()
            self.bytes = 0
