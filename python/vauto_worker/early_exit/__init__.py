"""Early exit inside vLLM: a logits processor that ends a request at its first answer when that is sure enough.

`vllm serve MODEL --logits-processors vauto_worker.early_exit:EarlyExit`; then, request by request, in `extra_args`
(over HTTP: `vllm_xargs`):

- `vauto_threshold`: τ in (0, 1]; without it nothing is ended early
- `vauto_think_budget`: tokens of thinking after which `</think>` and the beginning of the second box are forced
- `vauto_id`: name under which `take_records` gives the decision back (for engines in the same process)
"""

from __future__ import annotations

from typing import Any

__all__ = ["EarlyExit", "take_records"]


def __getattr__(name: str) -> Any:
    # The processor imports vLLM; the pure parts beside it are used and tested without.
    if name in __all__:
        from . import processor

        return getattr(processor, name)
    raise AttributeError(name)
