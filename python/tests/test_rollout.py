"""Completions by a real vLLM on the tiny model."""

from __future__ import annotations

import json
import math
import shutil
import subprocess
import sys
import threading
from itertools import islice
from pathlib import Path

import numpy as np
import pytest
from conftest import LOAD, TINY, RecordingHost, messages_of, request_of, tiny_rows
from videos import write_sound, write_video

from vauto_worker import generation, media
from vauto_worker.engine import engine_arguments, start_engine
from vauto_worker.errors import UserFault
from vauto_worker.generation import DECODED_AHEAD, Generation, decode_for_later, decoded_ahead
from vauto_worker.video_budget import VideoBudget

ROWS = [*tiny_rows("reasoning")[:12], *tiny_rows("grounding")[:4]]
REQUESTS = [request_of(i, ROWS[i % len(ROWS)]) for i in range(32)]


def generate(engine, requests, host=None):
    host = host or RecordingHost()
    result = engine.generate({"requests": requests}, host)
    return {payload["id"]: payload for payload in host.of("rollout")}, host, result


def same(some, others):
    return all(
        some[i]["token_ids"] == o["token_ids"] and some[i]["logprobs"] == o["logprobs"] for i, o in others.items()
    )


@pytest.fixture(scope="module")
def whole(engine):
    return generate(engine, REQUESTS)


def test_each_request_gives_one_completion_with_aligned_lists(engine, whole):
    rollouts, host, result = whole
    assert sorted(rollouts) == list(range(32)) and host.of("failed") == []
    assert result["generated_tokens"] == sum(len(rollout["token_ids"]) for rollout in rollouts.values())
    for rollout in rollouts.values():
        count = len(rollout["token_ids"])
        assert len(rollout["logprobs"]) == len(rollout["token_ends"]) == count <= 64
        assert all(value <= 0 for value in rollout["logprobs"]) and rollout["prompt_tokens"] > 10
        assert rollout["token_ends"][-1] == len(rollout["text"].encode("utf-16-le")) // 2
        assert rollout["finish_reason"] == ("length" if rollout["token_ids"][-1] != 2 and count == 64 else "stop")


def test_results_stream_and_progress_is_reported(whole):
    names = [name for name, _ in whole[1].events]
    assert "progress" in names[names.index("rollout") + 1 :]
    last = whole[1].of("progress")[-1]
    assert (last["done"], last["total"], last["generated_tokens"]) == (32, 32, whole[2]["generated_tokens"])


def test_the_same_unit_gives_the_same_bits_and_keys(engine, whole):
    again, _, _ = generate(engine, REQUESTS)
    assert same(whole[0], again)
    assert all(whole[0][i]["key"] == again[i]["key"] for i in again)
    assert len({rollout["key"] for rollout in again.values()}) == 32


def test_completions_do_not_depend_on_their_neighbours(engine, whole):
    backwards, _, _ = generate(engine, REQUESTS[::-1])
    alone = {}
    for request in REQUESTS[:6]:
        alone |= generate(engine, [request])[0]
    for others in (backwards, alone):
        for i, other in others.items():
            assert whole[0][i]["token_ids"] == other["token_ids"]
            assert whole[0][i]["logprobs"] == pytest.approx(other["logprobs"], abs=1e-4)


def test_another_seed_gives_other_completions(engine):
    hot = {"temperature": 2.0, "max_tokens": 24}
    some, _, _ = generate(engine, [request_of(i, ROWS[0], seed=5 + i, **hot) for i in range(4)])
    assert len({tuple(rollout["token_ids"]) for rollout in some.values()}) > 1


def test_stop_texts_end_generation_and_stay(engine):
    text = next(iter(generate(engine, [request_of(0, ROWS[0], temperature=0.0)])[0].values()))["text"]
    stop = text[len(text) // 2]
    stopped, _, _ = generate(engine, [request_of(0, ROWS[0], temperature=0.0, stop=[stop])])
    assert stopped[0]["text"].endswith(stop) or stop in stopped[0]["text"]
    assert len(stopped[0]["text"]) <= len(text) and stopped[0]["finish_reason"] == "stop"


def test_visual_tokens_are_never_sampled(engine):
    hot = {"temperature": 2.0, "max_tokens": 100}
    rollouts, _, _ = generate(engine, [request_of(i, ROWS[0], **hot) for i in range(16)])
    visual = set(engine.running().suppressed)
    assert len(visual) == 4
    assert not visual & {token for rollout in rollouts.values() for token in rollout["token_ids"]}


BEGINNINGS = ("\\boxed", "<think>", "<think>0 ")


def test_a_given_beginning_is_part_of_the_completion(engine):
    tokenizer = engine.running().tokenizer
    cases = [(text, row) for text in BEGINNINGS for row in (ROWS[0], ROWS[3], ROWS[-1])]
    begun = [request_of(i, row, begin={"text": text, "probability": 0.5}) for i, (text, row) in enumerate(cases)]
    rollouts, host, result = generate(engine, begun)
    assert host.of("failed") == []
    free, _, _ = generate(engine, [request_of(i, row) for i, (_, row) in enumerate(cases)])
    samples = [{**{k: r[k] for k in ("messages", "media")}, "token_ids": rollouts[r["id"]]["token_ids"]} for r in begun]
    scored = engine.inspect({"samples": samples}, RecordingHost())["items"]
    for i, (text, _) in enumerate(cases):
        rollout, ids = rollouts[i], tokenizer.encode(text, add_special_tokens=False)
        count = len(ids)
        assert rollout["forced"] == count and rollout["token_ids"][:count] == ids and rollout["text"].startswith(text)
        # The choice is the first token's, the others follow from it; what is sampled has the model's log-probs.
        assert rollout["logprobs"][:count] == [math.log(0.5), *[0.0] * (count - 1)]
        assert rollout["logprobs"][count:] == pytest.approx(scored[i]["logprobs"][count:], abs=1e-4)
        assert len(rollout["token_ids"]) == len(rollout["logprobs"]) == len(rollout["token_ends"]) <= 64
        assert rollout["token_ends"][count - 1] == len(text) and rollout["token_ends"][-1] == len(rollout["text"])
        assert rollout["prompt_tokens"] == free[i]["prompt_tokens"] >= rollout["cached_tokens"]
        assert rollout["key"] != free[i]["key"] and "forced" not in free[i]
    sampled = sum(len(rollout["token_ids"]) - rollout["forced"] for rollout in rollouts.values())
    assert result["generated_tokens"] == sampled


def test_a_given_beginning_counts_for_the_limit_and_goes_with_nothing_that_watches(engine):
    begin = {"text": "<think>0 ", "probability": 1}
    requests = [
        request_of(0, ROWS[0], max_tokens=6, begin=begin),
        request_of(1, ROWS[0], max_tokens=3, begin=begin),
        request_of(2, ROWS[0], exit_threshold=0.9, begin=begin),
        request_of(3, ROWS[0], think_budget=5, begin=begin),
    ]
    rollouts, host, _ = generate(engine, requests)
    assert list(rollouts) == [0] and len(rollouts[0]["token_ids"]) == 6 and rollouts[0]["finish_reason"] == "length"
    assert rollouts[0]["logprobs"][0] == 0.0
    told = {failed["id"]: failed["message"] for failed in host.of("failed")}
    assert "leaves none of 3 to generate" in told[1]
    assert "takes no early exit" in told[2] and told[2] == told[3]


def test_a_request_that_cannot_be_taken_fails_alone(engine, tmp_path):
    def with_video(identity, path):
        media = [{"kind": "video", "path": str(path), "sha256": str(path)}]
        return request_of(identity, ROWS[0], media=media)

    (tmp_path / "text.mp4").write_text("no video\n" * 9)
    wordy = messages_of("why " * 4000, [])
    requests = [
        with_video(0, tmp_path / "absent.mp4"),
        with_video(1, write_sound(tmp_path / "sound.mp4")),
        with_video(2, tmp_path / "text.mp4"),
        request_of(3, ROWS[1]),
        request_of(4, {"question": ""}, messages=wordy),
    ]
    rollouts, host, _ = generate(engine, requests)
    assert list(rollouts) == [3]
    assert {failed["id"]: failed["code"] for failed in host.of("failed")} == {
        0: "media", 1: "media", 2: "media", 4: "too-long"
    }  # fmt: skip
    assert "no-video" in next(failed["message"] for failed in host.of("failed") if failed["id"] == 1)
    assert host.of("progress")[-1]["done"] == 5


def test_images_and_several_media_in_one_prompt(engine, tmp_path):
    from PIL import Image

    Image.new("RGB", (60, 90), "red").save(tmp_path / "a.png")
    clip = write_video(tmp_path / "b.mp4", [i * 500 for i in range(6)], width=56, height=56)
    media = [{"kind": "image", "path": str(tmp_path / "a.png"), "sha256": "a"},
             {"kind": "video", "path": str(clip), "start": 1.0, "end": 3.0, "sha256": "b"}]  # fmt: skip
    sample = {"messages": messages_of("What?", ["image", "video"]), "media": media}
    rollouts, host, _ = generate(engine, [request_of(0, {"question": ""}, **sample)])
    assert list(rollouts) == [0], host.of("failed")
    item = engine.inspect({"samples": [{**sample, "token_ids": [5]}]}, RecordingHost())["items"][0]
    assert item["visual_grid"] == [[1, 4, 2], [2, 4, 4]]
    assert len(item["prompt_token_ids"]) == rollouts[0]["prompt_tokens"]


def test_cancelling_leaves_nothing_behind(engine, whole):
    host = RecordingHost(cancel_after=3)
    some, _, _ = generate(engine, REQUESTS, host)
    assert 3 <= len(some) < 32 and same(whole[0], some)
    assert not engine.running().core.has_unfinished_requests()
    assert same(whole[0], generate(engine, REQUESTS)[0])


def batches_of(running, most, monkeypatch):
    """Requests of each step, and rollouts by their ends, of an engine that runs 6 at once and is given `most`."""
    batches, step, scheduler = [], running.core.step, running.core.engine_core.engine_core.scheduler

    def watched():
        outputs = step()
        batches.append([request.request_id.split("-")[0] for request in scheduler.running])
        return outputs

    running.core.reset_prefix_cache()
    running.core.reset_encoder_cache()
    host = RecordingHost()
    with monkeypatch.context() as patch:
        patch.setattr(running.core, "step", watched)
        patch.setattr(scheduler, "max_num_running_reqs", 6)
        patch.setattr(scheduler, "max_num_active_reqs", 6)
        patch.setattr(type(running), "most_at_once", most)
        Generation(running, host, len(REQUESTS)).run(REQUESTS)
    return batches, host.of("rollout")


def test_requests_that_are_added_while_it_steps_make_the_same_batches(engine, monkeypatch):
    running = engine.running()
    assert running.most_at_once == running.core.engine_core.engine_core.scheduler.max_num_running_reqs
    as_needed = batches_of(running, 6, monkeypatch)
    all_first = batches_of(running, 10**9, monkeypatch)
    assert as_needed == all_first and max(map(len, as_needed[0])) == 6
    assert batches_of(running, 5, monkeypatch)[0] != all_first[0]


def test_media_are_decoded_ahead_in_order_and_not_too_far():
    started, gate = [], threading.Semaphore(0)

    def load(media):
        gate.acquire()
        started.append(media[0])
        return [media[0] * 2]

    requests = [{"id": 4 * clip + index, "media": [clip]} for clip in range(12) for index in range(4)]
    feed = decoded_ahead(requests, load)
    gate.release(100)
    taken = [(request["id"], seen.result()) for request, seen in islice(feed, 10)]
    assert taken == [(number, [number // 4 * 2]) for number in range(10)]
    # The third clip's turn: it and the next DECODED_AHEAD are all that was begun, each once.
    feed.close()
    assert sorted(started) == list(range(len(started))) and 3 <= len(started) <= 3 + DECODED_AHEAD


def test_the_next_calls_media_are_decoded_meanwhile(engine, tmp_path, monkeypatch):
    clips = [write_video(tmp_path / f"{n}.mp4", [i * 500 for i in range(2 + n)], width=56, height=56) for n in range(4)]
    own, *following = ([{"kind": "video", "path": str(clip), "sha256": clip.name}] for clip in clips)
    broken = {"kind": "video", "path": str(tmp_path / "absent.mp4"), "sha256": "absent"}
    seen, decode, last = [], media.decode_video, threading.Event()

    def noted(path, *rest):
        seen.append(Path(path).name)
        if seen[-1] == "3.mp4":
            last.set()
        return decode(path, *rest)

    class Patient(RecordingHost):
        def emit(self, name, payload):
            super().emit(name, payload)
            # The first completion holds the call until its hints are looked at.
            assert name != "rollout" or last.wait(60)

    monkeypatch.setattr(media, "decode_video", noted)
    media.clear_cache()
    hinted = [following[0][0], broken, *following[1], *following[2]]
    host = Patient()
    engine.generate({"requests": [request_of(i, ROWS[0], media=own) for i in range(4)], "following": hinted}, host)
    assert len(host.of("rollout")) == 4 and host.of("failed") == []
    # What the call's end left half decoded is waited for.
    rollouts, host, _ = generate(engine, [request_of(i, ROWS[0], media=clip) for i, clip in enumerate(following)])
    assert len(rollouts) == 3 and seen == ["0.mp4", "1.mp4", "absent.mp4", "2.mp4", "3.mp4"]


def test_decoding_for_later_ends_with_its_call_and_within_half_the_cache(monkeypatch):
    loaded, over = [], threading.Event()
    monkeypatch.setattr(generation, "CACHE", media.FrameCache(4 * 12))

    def load(entries):
        loaded.extend(entries)
        return [media.Picture(np.zeros((2, 2, 3), dtype=np.uint8)) for _ in entries]

    decode_for_later([{"n": n} for n in range(9)], [], load, over)
    assert loaded == [{"n": 0}, {"n": 1}]
    over.set()
    decode_for_later([{"n": 9}], [], load, over)
    assert len(loaded) == 2


def test_inspection_gives_the_log_probs_of_generation(engine, whole):
    samples = [
        {**{k: REQUESTS[i][k] for k in ("messages", "media")}, "token_ids": whole[0][i]["token_ids"]} for i in range(8)
    ]
    items = engine.inspect({"samples": samples}, RecordingHost())["items"]
    for i, item in enumerate(items):
        assert item["logprobs"] == pytest.approx(whole[0][i]["logprobs"], abs=1e-4)
        assert len(item["prompt_token_ids"]) == whole[0][i]["prompt_tokens"]
    assert all(len(item["visual_grid"]) == len(REQUESTS[i]["media"]) for i, item in enumerate(items))


def other_weights(folder: Path) -> Path:
    """The tiny model with noise on every weight."""
    import torch
    from safetensors.torch import load_file, save_file

    shutil.copytree(TINY / "model", folder)
    noise = torch.Generator().manual_seed(5)
    weights = load_file(folder / "model.safetensors")
    noisy = {
        name: (w.float() + 0.03 * torch.randn(w.shape, generator=noise)).to(w.dtype) for name, w in weights.items()
    }
    save_file(noisy, folder / "model.safetensors", metadata={"format": "pt"})
    return folder


FRESH = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
from conftest import LOAD, RecordingHost
from vauto_worker import rollout
requests = json.load(open(sys.argv[3]))
rollout.load({**LOAD, "model": sys.argv[2]}, RecordingHost())
host = RecordingHost()
rollout.generate({"requests": requests}, host)
json.dump(host.of("rollout"), open(sys.argv[4], "w"))
"""


def test_swapped_weights_equal_a_fresh_engine(engine, whole, tmp_path):
    folder = other_weights(tmp_path / "other")
    before = engine.running().weights
    info = engine.swap({"model": str(folder)}, RecordingHost())
    swapped, _, _ = generate(engine, REQUESTS)
    back = engine.swap({"model": str(TINY / "model")}, RecordingHost())
    assert info["weights"] != before and back["weights"] == before
    assert not same(whole[0], swapped)
    assert same(whole[0], generate(engine, REQUESTS)[0])
    tests = Path(__file__).parent
    (tmp_path / "requests.json").write_text(json.dumps(REQUESTS))
    paths = json.dumps([str(tests), str(tests.parent)])
    arguments = [paths, str(folder), str(tmp_path / "requests.json"), str(tmp_path / "answer.json")]
    subprocess.run([sys.executable, "-c", FRESH, *arguments], check=True, capture_output=True)
    fresh = {rollout["id"]: rollout for rollout in json.loads((tmp_path / "answer.json").read_text())}
    assert same(fresh, swapped)
    assert all(fresh[i]["key"] == swapped[i]["key"] for i in fresh)


def test_a_sleeping_engine_wakes_for_what_needs_it(engine, whole, tmp_path):
    # On a CPU no memory is given away; that requests wait meanwhile is vLLM's scheduler's part, the same everywhere.
    folder = other_weights(tmp_path / "other")
    engine.sleep({}, RecordingHost())
    engine.sleep({}, RecordingHost())
    assert engine.running().asleep and engine.running().core.is_sleeping()
    assert same(whole[0], generate(engine, REQUESTS)[0])
    assert not engine.running().asleep and not engine.running().core.is_sleeping()

    engine.swap({"model": str(folder)}, RecordingHost())
    awake = generate(engine, REQUESTS)[0]
    engine.swap({"model": str(TINY / "model")}, RecordingHost())
    engine.sleep({}, RecordingHost())
    engine.swap({"model": str(folder)}, RecordingHost())
    assert not engine.running().core.is_sleeping()
    assert same(awake, generate(engine, REQUESTS)[0])
    engine.swap({"model": str(TINY / "model")}, RecordingHost())


def test_weights_come_before_the_cache_when_a_sleeping_engine_gets_new_ones(engine, monkeypatch):
    running, calls = engine.running(), []
    for name in ("sleep", "wake_up", "collective_rpc", "reset_prefix_cache", "reset_encoder_cache"):
        real = getattr(running.core, name)

        def recorded(*args, real=real, name=name, **kwargs):
            told = kwargs.get("tags") or (args[0] if args and isinstance(args[0], str) else None)
            calls.append((name, kwargs.get("level", told)))
            return real(*args, **kwargs)

        monkeypatch.setattr(running.core, name, recorded)
    engine.sleep({}, RecordingHost())
    engine.swap({"model": str(TINY / "model")}, RecordingHost())
    assert calls == [
        ("sleep", 1),
        ("wake_up", ["weights"]),
        ("collective_rpc", "reload_weights"),
        ("collective_rpc", None),
        ("wake_up", ["kv_cache"]),
        ("reset_prefix_cache", None),
        ("reset_encoder_cache", None),
    ]


def test_an_engine_that_may_sleep_is_started_so_and_refused_on_a_cpu():
    budget = VideoBudget.from_wire(LOAD["video_budget"])
    model = str(TINY / "model")
    assert "enable_sleep_mode" not in engine_arguments(LOAD, model, budget, 28)
    assert engine_arguments(LOAD | {"sleep": True}, model, budget, 28)["enable_sleep_mode"] is True
    with pytest.raises(UserFault, match="Sleep mode is not supported"):
        start_engine(LOAD | {"sleep": True})


def test_info_names_what_results_depend_on(engine):
    info = engine.load(LOAD, RecordingHost())
    assert info["engine"] == "vllm" and set(info["libraries"]) == {"torch", "transformers", "vllm", "av"}
    assert len(info["weights"]) == 64 and info["max_model_len"] == 2048


def test_mistakes_in_a_recipe_are_named(engine, tmp_path):
    from vauto_worker.engine import check_arguments
    from vauto_worker.weights import model_folder, weights_hash

    with pytest.raises(UserFault, match="max_modellen") as caught:
        check_arguments({"max_modellen": 5})
    assert caught.value.fix == "did you mean max_model_len?"
    with pytest.raises(UserFault, match="place in the recipe"):
        check_arguments({"seed": 1})
    with pytest.raises(UserFault, match="no such folder"):
        model_folder(str(tmp_path / "absent"))
    with pytest.raises(UserFault, match="temperature"):
        generate(engine, [request_of(0, ROWS[0], temperature=5.0)])
    with pytest.raises(UserFault, match="no weight files"):
        weights_hash(str(tmp_path))
