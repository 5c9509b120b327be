"""Recorded steps as a tracker gets them, by reading what TensorBoard's writer wrote."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from tensorboardX.proto.event_pb2 import Event
from training_help import Host, parameters, tiny_rows

from vauto_worker import trackers, train
from vauto_worker.errors import UserFault


def scalars(folder: Path) -> dict[tuple[str, int], float]:
    """{(name, step): value} of the event files in `folder`."""
    found = {}
    for file in sorted(folder.rglob("events.out.tfevents.*")):
        for record in records(file.read_bytes()):
            event = Event.FromString(record)
            found |= {(value.tag, event.step): value.simple_value for value in event.summary.value}
    return found


def records(content: bytes) -> Iterator[bytes]:
    """Of a TFRecord file: length (8 bytes), its checksum (4), data, checksum (4)."""
    while content:
        (length,) = struct.unpack("<Q", content[:8])
        yield content[12 : 12 + length]
        content = content[16 + length :]


def given(folder: Path, tracker: str) -> dict[str, object]:
    steps = [{"step": 1, "metrics": {"kl": 0.5, "entropy": None}}, {"step": 2, "metrics": {"kl": 0.25, "entropy": 2.0}}]
    return {"tracker": tracker, "folder": str(folder), "run_name": "r", "project": "vauto", "steps": steps}


def test_tensorboard_gets_every_number_of_every_step(tmp_path: Path) -> None:
    assert trackers.replay(given(tmp_path, "tensorboard")) == {"steps": 2}
    found = {(name.removeprefix("train/"), step): value for (name, step), value in scalars(tmp_path).items()}
    assert {("kl", 1): 0.5, ("kl", 2): 0.25, ("entropy", 2): 2.0}.items() <= found.items()
    assert ("entropy", 1) not in found


def test_a_tracker_that_is_not_installed_is_named(tmp_path: Path) -> None:
    with pytest.raises(UserFault, match="requires comet") as caught:
        trackers.replay(given(tmp_path, "comet_ml"))
    assert "pip install comet_ml" in caught.value.fix


def test_a_training_reports_while_it_runs(tmp_path: Path) -> None:
    host = Host(metrics={"format_rate": 0.25})
    train.run(parameters(tmp_path, tiny_rows(1, 2), steps=1, trl={"report_to": ["tensorboard"]}), host)
    found = scalars(tmp_path)
    assert found["train/vauto/format_rate", 1] == 0.25
    assert found["train/kl", 1] == pytest.approx(host.payloads("step")[0]["kl"])
