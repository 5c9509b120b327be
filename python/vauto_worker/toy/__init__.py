"""The tiny model and its videos, made from nothing by seeded scripts (see recipes/tiny/README.md).

world: scenes and their MP4 files; lessons: questions, answers, taught responses; data: the shipped dataset; checkpoint:
shape, tokenizer, processors; batches and forward: tensors and a fast forward pass; train: the training loop.
"""
