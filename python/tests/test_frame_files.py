"""Decoded frames on disk: the same as decoded ones, and nothing that a disk does to them gets through."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from videos import write_video

from vauto_worker import media, video_decode
from vauto_worker.frame_files import ABANDONED, SHARE, FrameFiles
from vauto_worker.media import VideoBudget

BUDGET = VideoBudget(fps=2, max_frames=16, min_pixels=784, max_pixels=768 * 784)
SHA = "ab" * 32


@pytest.fixture
def files(tmp_path, monkeypatch):
    """An empty folder of frames in use, and no frames in memory."""
    kept = FrameFiles(tmp_path / "frames", 2**20)
    monkeypatch.setattr(media, "FILES", kept)
    monkeypatch.setattr(media, "CACHE", media.FrameCache(0))
    return kept


@pytest.fixture
def clip(tmp_path):
    return write_video(tmp_path / "a.mp4", [0, 300, 700, 1500, 1600, 3100], width=61, height=37)


def load(path, start=None, end=None, budget=BUDGET, sha256=SHA, factor=28):
    media.clear_cache()
    return media.load_video(str(path), start, end, budget, factor=factor, sha256=sha256)


def entries(files: FrameFiles) -> list[Path]:
    return sorted(files.folder.glob("*")) if files.folder.exists() else []


def decoded(monkeypatch) -> list[str]:
    """Paths that are decoded from here on."""
    seen, index = [], video_decode.index_video
    monkeypatch.setattr(video_decode, "index_video", lambda path: seen.append(path) or index(path))
    return seen


def alike(one: media.Video, other: media.Video) -> bool:
    told = [[getattr(video, name) for name in media.TOLD] for video in (one, other)]
    return told[0] == told[1] and np.array_equal(one.frames, other.frames) and one.frames.dtype == other.frames.dtype


@pytest.mark.parametrize("cut", [(None, None), (0.5, 2.5), (None, 1)])
def test_kept_frames_are_those_that_were_decoded(files, clip, monkeypatch, cut):
    first = load(clip, *cut)
    seen = decoded(monkeypatch)
    kept = load(clip, *cut)
    assert kept is not first and alike(kept, first) and seen == []
    monkeypatch.setattr(media, "FILES", None)
    fresh = load(clip, *cut)
    assert alike(kept, fresh) and kept.digest == fresh.digest == first.digest and seen == [str(clip)]


def test_whatever_decides_the_frames_is_in_the_name(files, clip, monkeypatch):
    other = VideoBudget(fps=1, max_frames=16, min_pixels=784, max_pixels=768 * 784)
    for change in ({}, {"end": 2}, {"start": 1}, {"budget": other}, {"factor": 32}, {"sha256": "cd" * 32}):
        load(clip, **change)
    monkeypatch.setattr(media, "decoding", lambda: "another decoder")
    load(clip)
    assert len(entries(files)) == 7


def test_another_code_or_library_is_another_decoder(monkeypatch):
    before = media.decoding()
    for owner, name, value in ((media.av, "__version__", "0"), (media, "scale", alike)):
        monkeypatch.setattr(owner, name, value)
        media.decoding.cache_clear()
        assert media.decoding() != before
        monkeypatch.undo()
    media.decoding.cache_clear()
    assert media.decoding() == before


def test_a_file_without_a_content_hash_is_not_kept(files, clip):
    for name in (None, str(clip), "AB" * 32):
        load(clip, sha256=name)
    assert entries(files) == []


def test_a_cut_or_changed_entry_is_noticed_and_made_again(files, clip, monkeypatch, capsys):
    first = load(clip)
    (entry,) = entries(files)
    whole = entry.read_bytes()
    head = 44 + int.from_bytes(whole[8:12], "little")
    seen = decoded(monkeypatch)
    cuts = [0, 1, 8, 11, 12, 44, head - 1, head, head + 1, len(whole) // 2, len(whole) - 1]
    flips = [0, 7, 8, 11, 12, 43, 44, head - 1, head, (head + len(whole)) // 2, len(whole) - 1]
    damaged = [whole[:size] for size in cuts] + [whole + b"\0"]
    damaged += [whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :] for at in flips]
    for number, content in enumerate(damaged, 1):
        entry.write_bytes(content)
        assert alike(load(clip), first)
        assert len(seen) == number and entry.read_bytes() == whole
        assert "damaged" in capsys.readouterr().err
    assert alike(load(clip), first) and len(seen) == len(damaged)


def test_a_header_that_is_not_one_is_noticed(files, clip):
    import hashlib

    load(clip)
    (entry,) = entries(files)
    for text in (b"[]", b"{}", b'{"shape": "x"}', b'{"shape": [-1, 4]}', b"no json"):
        head = b"vframes1" + len(text).to_bytes(4, "little") + hashlib.sha256(text).digest()
        entry.write_bytes(head + text)
        assert files.load(entry.stem, media.video_from) is None and not entry.exists()


def test_the_folder_stays_within_its_limit_and_the_least_recently_used_go(tmp_path):
    pixels = np.zeros((2, 28, 28, 3), dtype=np.uint8)
    one = 2 * 4096
    files = FrameFiles(tmp_path, 20 * one)
    for number in range(60):
        files.save(f"{number:02}", {"digest": ""}, pixels)
        os.utime(files.path(f"{number:02}"), (number, number))
        if files.path("03").exists():
            os.utime(files.path("03"))
        assert sum(-(-path.stat().st_size // 4096) * 4096 for path in entries_of(tmp_path)) <= files.limit
    names = [path.stem for path in entries_of(tmp_path)]
    assert "03" in names and "59" in names and "04" not in names and len(names) >= 20 * (SHARE - 1) // SHARE
    assert names[1:] == [f"{number:02}" for number in range(60 - len(names) + 1, 60)]


def entries_of(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.frames"))


def test_use_keeps_an_entry(files, clip):
    load(clip)
    (entry,) = entries(files)
    os.utime(entry, (0, 0))
    load(clip)
    assert entry.stat().st_mtime > 1e9


def test_what_is_larger_than_the_limit_is_not_kept(files, clip):
    files.limit = 5000
    load(clip)
    assert entries(files) == []


def test_an_unfinished_file_of_a_process_that_is_gone_is_cleared_away(files, clip):
    files.folder.mkdir()
    old, new = files.folder / "a.1-1.writing", files.folder / "b.2-2.writing"
    for path in (old, new):
        path.write_bytes(b"part")
    os.utime(old, (0, os.stat(new).st_mtime - ABANDONED - 10))
    load(clip)
    assert not old.exists() and new.exists()


def test_a_folder_that_cannot_be_written_costs_nothing_but_a_word(files, clip, capsys):
    files.folder.write_text("a file stands here")
    first = load(clip)
    assert alike(load(clip), first) and alike(load(clip, 0, 1), load(clip, 0, 1))
    assert capsys.readouterr().err.count("no more decoded frames are kept") == 1


FULL = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
from vauto_worker import media
for end in (1, 2, 3):
    print(media.load_video(sys.argv[1], 0, end, {"min_pixels": 784}, sha256="ab" * 32).digest)
"""


def test_a_disk_that_is_full_costs_nothing_but_a_word(clip, tmp_path):
    python = str(Path(media.__file__).parents[1])
    env = os.environ | {"VAUTO_FRAME_CACHE": str(tmp_path / "frames"), "PYTHONPATH": python}
    ended = subprocess.run([sys.executable, "-c", FULL, str(clip)], env=env, capture_output=True, text=True, check=True)
    digests = [media.load_video(str(clip), 0, end, {"min_pixels": 784}).digest for end in (1, 2, 3)]
    assert ended.stdout.split() == digests
    assert ended.stderr.count("no more decoded frames are kept") == 1 and "File too large" in ended.stderr
    assert list((tmp_path / "frames").iterdir()) == []


CUTS = [number / 10 for number in range(12)]


def hammer(folder: str, clip: str, seed: int) -> list[list[str]]:
    """Digests of many cuts, in an order of its own, through a folder that is too small for them."""
    media.FILES, media.CACHE = FrameFiles(Path(folder), 60_000), media.FrameCache(0)
    random, digests = np.random.default_rng(seed), {start: set() for start in CUTS}
    for _ in range(6):
        for start in random.permutation(CUTS):
            digests[start].add(load(clip, float(start)).digest)
    return [sorted(digests[start]) for start in CUTS]


def test_processes_share_a_folder_that_is_too_small(clip, tmp_path):
    folder = tmp_path / "frames"
    with multiprocessing.get_context("spawn").Pool(3) as pool:
        told = pool.starmap(hammer, [(str(folder), str(clip), seed) for seed in range(3)])
    expected = [[load(clip, start).digest] for start in CUTS]
    assert told == [expected] * 3 and len({digest for [digest] in expected}) > 3
    assert 0 < len(entries_of(folder)) < len(CUTS) and len(list(folder.iterdir())) == len(entries_of(folder))


@pytest.mark.parametrize(("value", "limit"), [("0", None), ("", 4 * 2**30), ("0.5", 2**29)])
def test_the_environment_names_folder_and_limit(value, limit, tmp_path, monkeypatch):
    from vauto_worker.frame_files import from_environment

    monkeypatch.setenv("VAUTO_FRAME_CACHE", str(tmp_path))
    monkeypatch.setenv("VAUTO_FRAME_CACHE_GIB", value)
    found = from_environment()
    assert (found and found.limit) == limit
    monkeypatch.delenv("VAUTO_FRAME_CACHE")
    assert from_environment() is None
