"""Folders that are complete or absent."""

from __future__ import annotations

from pathlib import Path

import pytest

from vauto_worker import checkpoints


def test_a_failed_write_leaves_the_older_folder(tmp_path: Path) -> None:
    target = tmp_path / "policy"
    with checkpoints.complete_or_absent(target) as draft:
        (draft / "weights").write_text("old", encoding="utf-8")
    with pytest.raises(OSError), checkpoints.complete_or_absent(target) as draft:
        (draft / "weights").write_text("torn", encoding="utf-8")
        raise OSError("disk full")
    assert (target / "weights").read_text(encoding="utf-8") == "old"
    assert [path.name for path in tmp_path.iterdir()] == ["policy"]


def test_only_checkpoints_of_the_same_training_are_continued(tmp_path: Path) -> None:
    for step, fingerprint in ((2, "mine"), (10, "mine"), (30, "other")):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        checkpoints.write_stamp(folder, fingerprint)
    (tmp_path / "checkpoint-40").mkdir()
    newest = checkpoints.newest(tmp_path, "mine")
    assert newest is not None and checkpoints.step_of(newest) == 10
    assert checkpoints.newest(tmp_path, "none") is None
