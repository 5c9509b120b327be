"""The tiny model's forward pass with all frames of a batch at once.

transformers attends frame by frame in a Python loop; frames of one size can go as one batch, several times faster.
"""

from __future__ import annotations

import torch
import torch.nn.functional as F
from transformers import Qwen2_5_VLForConditionalGeneration
from transformers.models.qwen2_5_vl.modeling_qwen2_5_vl import rotate_half
from transformers.vision_utils import get_vision_position_ids

from .batches import Batch, normalise


def visual_features(visual: torch.nn.Module, patches_FPD: torch.Tensor) -> torch.Tensor:
    """[frames, 16, 1176] → [frames, 4, hidden]. Each frame is one attention window (4×4 patches)."""
    frames, patches, _ = patches_FPD.shape
    weight = visual.patch_embed.proj.weight
    x = patches_FPD @ weight.view(weight.shape[0], -1).T
    grid = get_vision_position_ids(torch.tensor([[1, 4, 4]]), visual.spatial_merge_size)
    cos, sin = (freq[None, :, None, :] for freq in visual.rotary_pos_emb(x[0], grid))
    for block in visual.blocks:
        attention = block.attn
        q, k, v = attention.qkv(block.norm1(x)).view(frames, patches, 3, attention.num_heads, -1).unbind(2)
        q, k = q * cos + rotate_half(q) * sin, k * cos + rotate_half(k) * sin
        y = F.scaled_dot_product_attention(*(z.transpose(1, 2) for z in (q, k, v)))
        x = x + attention.proj(y.transpose(1, 2).reshape(frames, patches, -1))
        x = x + block.mlp(block.norm2(x))
    return visual.merger(x.reshape(frames * patches, -1)).view(frames, patches // 4, -1)


def logits_at_labels(model: Qwen2_5_VLForConditionalGeneration, batch: Batch) -> tuple[torch.Tensor, torch.Tensor]:
    """Logits and targets of the labelled tokens only."""
    embeddings = model.get_input_embeddings()(batch.ids_BL)
    if batch.patches_FPD is not None:
        features = visual_features(model.model.visual, normalise(batch.patches_FPD))
        where = (batch.ids_BL == model.config.video_token_id).unsqueeze(-1).expand_as(embeddings)
        embeddings = embeddings.masked_scatter(where, features.reshape(-1))
    hidden = model.model.language_model(
        inputs_embeds=embeddings, attention_mask=batch.mask_BL, position_ids=batch.positions_3BL, use_cache=False
    ).last_hidden_state
    targets = batch.labels_BL[:, 1:]
    chosen = targets != -100
    return model.lm_head(hidden[:, :-1][chosen]), targets[chosen]
