"""Attention of Qwen2.5-VL's vision encoder over all windows of one size at once.

transformers attends window by window in a Python loop unless flash attention is there, which on a CPU makes a small
model's training several times slower.
"""

from __future__ import annotations

from types import MethodType
from typing import Any

import torch
from torch.nn.functional import scaled_dot_product_attention


def batch_windows(model: torch.nn.Module) -> None:
    """Gives every vision attention layer of `model` the batched form; other architectures are left alone."""
    for module in model.modules():
        if type(module).__name__ != "Qwen2_5_VLVisionAttention":
            continue
        if "flash" not in (module.config._attn_implementation or ""):
            module.forward = MethodType(windowed_attention, module)


def windowed_attention(
    self: Any,
    hidden_states: torch.Tensor,
    cu_seqlens: torch.Tensor,
    position_embeddings: tuple[torch.Tensor, torch.Tensor],
    **kwargs: Any,
) -> torch.Tensor:
    """Stands in for the layer's own `forward`, which it calls when windows differ in size."""
    lengths = cu_seqlens.diff()
    if len(lengths) == 0 or bool((lengths != lengths[0]).any()):
        return type(self).forward(self, hidden_states, cu_seqlens, position_embeddings, **kwargs)
    windows, length = len(lengths), int(lengths[0])
    query, key, value = self.qkv(hidden_states).view(windows, length, 3, self.num_heads, -1).permute(2, 0, 3, 1, 4)
    cos, sin = (part.view(windows, 1, length, -1) for part in position_embeddings)
    query, key = rotated(query, cos, sin), rotated(key, cos, sin)
    attended = scaled_dot_product_attention(query, key, value, scale=self.scaling)
    return self.proj(attended.transpose(1, 2).reshape(windows * length, -1))


def rotated(values: torch.Tensor, cos: torch.Tensor, sin: torch.Tensor) -> torch.Tensor:
    first, second = values.float().chunk(2, dim=-1)
    turned = torch.cat((-second, first), dim=-1)
    return (values.float() * cos.float() + turned * sin.float()).to(values.dtype)
