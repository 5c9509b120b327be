"""What processes hold, know and decide together: two real ones, which write down what they saw."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from vauto_worker import launch
from vauto_worker.train_samples import Samples

PROMPTS = ["a", "b", "c", "d", "e", "f"]
# Groups of two; "b" lies in both processes, and cannot be decoded.
WANTED = ["a", "a", "b", "b", "c", "c"]


def main(folder: Path) -> None:
    import torch
    from accelerate import Accelerator

    from vauto_worker import checkpoints
    from vauto_worker.errors import UserFault
    from vauto_worker.media import MediaFault
    from vauto_worker.ranks import LeadFailed, Ranks, usable

    ranks = Ranks(Accelerator(cpu=True))
    decoded: list[str] = []
    skipped: list[str] = []

    def encode(messages: list[str], _: Any) -> Any:
        decoded.extend(messages)
        if messages == ["b"]:
            raise MediaFault("corrupt", "no frames")
        return type("Tiny", (), {"bytes": 0, "ids": []})()

    def samples() -> Samples:
        decoded.clear()
        rows = [{"id": name, "messages": [name], "media": []} for name in PROMPTS]
        return Samples(rows, encode, lambda name, *_: skipped.append(name))

    def failing() -> None:
        raise UserFault("parity", "not the same weights")

    seen: dict[str, Any] = {"count": ranks.count, "index": ranks.index, "lead": ranks.lead}
    seen["own"] = ranks.own(WANTED)
    seen["everyones"] = ranks.everyones(ranks.own(WANTED))
    seen["any"] = [ranks.any(ranks.index == 1), ranks.any(False)]
    seen["total"] = ranks.total(ranks.index + 1)
    seen["rows"] = ranks.rows([ranks.index, 0.5]).tolist()
    seen["from_lead"] = ranks.from_lead(lambda: ranks.index)
    try:
        ranks.from_lead(failing)
    except (UserFault, LeadFailed) as error:
        seen["failed"] = [type(error).__name__, str(error)]
    whole = ["a", "a", "c", "c", "d", "d"]
    seen["whole"], seen["decoded of a whole round"] = usable(samples(), ranks, whole), sorted(decoded)
    seen["mended"], seen["skipped"] = usable(samples(), ranks, WANTED), sorted(set(skipped))
    with checkpoints.written_by_lead(folder / "policy", ranks) as draft:
        seen["draft"] = draft.is_dir()
        if ranks.lead:
            (draft / "weights").write_text("w", encoding="utf-8")
    seen["published"] = (folder / "policy" / "weights").read_text(encoding="utf-8")
    (folder / f"{ranks.index}.json").write_text(json.dumps(seen), encoding="utf-8")
    # Threads of the group that still run when the process ends abort it, now and then.
    torch.distributed.destroy_process_group()


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> list[dict[str, Any]]:
    folder = tmp_path_factory.mktemp("ranks")
    words = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2", __file__, str(folder)]
    env = {**os.environ, "PYTHONPATH": str(Path(launch.__file__).parents[1]), "OMP_NUM_THREADS": "1"}
    subprocess.run([sys.executable, *words], env=env, check=True, timeout=120)
    return [json.loads((folder / f"{index}.json").read_text(encoding="utf-8")) for index in (0, 1)]


def test_each_has_its_part_and_all_know_the_whole(both: list[dict[str, Any]]) -> None:
    assert [(seen["count"], seen["index"], seen["lead"]) for seen in both] == [(2, 0, True), (2, 1, False)]
    assert [seen["own"] for seen in both] == [WANTED[:3], WANTED[3:]]
    for seen in both:
        assert seen["everyones"] == WANTED
        assert (seen["any"], seen["total"]) == ([True, False], 3)
        assert seen["rows"] == [[0, 0.5], [1, 0.5]]


def test_one_asks_for_all_and_its_failure_is_everybodys(both: list[dict[str, Any]]) -> None:
    assert [seen["from_lead"] for seen in both] == [0, 0]
    assert [seen["failed"] for seen in both] == [
        ["UserFault", "not the same weights"],
        ["LeadFailed", "not the same weights"],
    ]


def test_each_decodes_its_own_part(both: list[dict[str, Any]]) -> None:
    assert [seen["whole"] for seen in both] == [["a", "a", "c", "c", "d", "d"]] * 2
    assert [seen["decoded of a whole round"] for seen in both] == [["a", "c"], ["c", "d"]]


def test_a_broken_prompt_has_one_stand_in_in_both(both: list[dict[str, Any]]) -> None:
    assert [seen["mended"] for seen in both] == [["a", "a", "d", "d", "c", "c"]] * 2
    assert [seen["skipped"] for seen in both] == [["b"], ["b"]]


def test_a_folder_is_there_for_both_and_published_by_one(both: list[dict[str, Any]]) -> None:
    assert [(seen["draft"], seen["published"]) for seen in both] == [(True, "w")] * 2


if __name__ == "__main__":
    main(Path(sys.argv[1]))
