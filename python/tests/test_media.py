"""Decoding by time: every kind of file that breaks naive readers, written for real with PyAV."""

from __future__ import annotations

import av
import numpy as np
import pytest
from PIL import Image
from videos import number_of, write_sound, write_video

from vauto_worker import media, video_decode
from vauto_worker.media import MediaFault, VideoBudget, load_image, load_video
from vauto_worker.video_budget import frame_size, processor_kwargs, sample_times, smart_resize

BUDGET = VideoBudget(fps=2, max_frames=16, min_pixels=784, max_pixels=768 * 784)
HALF_SECONDS = [i * 500 for i in range(10)]


def seen(path, start=None, end=None, budget=BUDGET):
    video = load_video(str(path), start, end, budget)
    return video, [number_of(frame) for frame in video.frames]


def fault(path, **cut) -> MediaFault:
    with pytest.raises(MediaFault) as caught:
        load_video(str(path), cut.get("start"), cut.get("end"), BUDGET)
    assert str(path) in caught.value.message
    return caught.value


def test_two_frames_a_second_come_back_as_they_are(tmp_path):
    video, numbers = seen(write_video(tmp_path / "a.mp4", HALF_SECONDS, width=56, height=56))
    assert numbers == list(range(10))
    assert video.frames.shape == (10, 56, 56, 3) and video.frames.dtype == np.uint8
    assert video.timestamps == [0, 0.5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5]
    assert (video.fps, video.total_frames, video.indices) == (2, 10, list(range(10)))


def test_thirty_frames_a_second_are_sampled_by_time(tmp_path):
    _, numbers = seen(write_video(tmp_path / "a.mp4", [i * 1000 // 30 for i in range(24)], width=84, height=56))
    assert numbers == [0, 15]


def test_variable_frame_rate_goes_by_time_not_by_number(tmp_path):
    video, numbers = seen(write_video(tmp_path / "a.mp4", [0, 100, 200, 1500, 1600, 2900, 3000]))
    # At 0.5 s the frame of 0.2 s is nearest; at 2.0 s that of 1.6 s.
    assert numbers == [0, 2, 3, 3, 4, 5]
    assert video.metadata()["frames_indices"] == list(range(6))


def test_b_frames_come_in_order_of_display(tmp_path):
    path = write_video(tmp_path / "a.mp4", [i * 250 for i in range(16)], b_frames=3)
    assert av.video.frame.PictureType.B in {frame.pict_type for frame in video_decode.decode(str(path))}
    assert seen(path)[1] == [0, 2, 4, 6, 8, 10, 12, 14]


@pytest.mark.parametrize(("turn", "corner"), [(90, (1, 0)), (180, (1, 1)), (270, (0, 1))])
def test_rotation_of_the_display_matrix_is_applied(tmp_path, turn, corner):
    path = write_video(tmp_path / "a.mp4", HALF_SECONDS[:4], width=84, height=56, rotation=turn)
    video, _ = seen(path)
    height, width = video.frames.shape[1:3]
    assert (width, height) == ((84, 56) if turn == 180 else (56, 84))
    # The white quarter, top left in the file, stands where a player shows it.
    quarters = {
        (y, x): video.frames[0, h // 4 :, w // 4 :][0, 0, 0]
        for y, h in ((0, height), (1, height * 3))
        for x, w in ((0, width), (1, width * 3))
    }
    assert max(quarters, key=quarters.get) == corner
    assert media.probe({"paths": [str(path)]})["items"][0]["rotation"] == turn


def test_times_count_from_the_first_frame(tmp_path):
    video, numbers = seen(write_video(tmp_path / "a.mp4", HALF_SECONDS[:6], start_ms=5000))
    assert numbers == [0, 1, 2, 3, 4, 5] and video.timestamps[0] == 0


def test_odd_sizes_are_scaled_to_whole_tokens(tmp_path):
    video, numbers = seen(write_video(tmp_path / "a.mp4", HALF_SECONDS[:4], width=61, height=37))
    assert video.frames.shape == (4, 28, 56, 3) and numbers == [0, 1, 2, 3]


def test_a_cut_is_looked_at_alone_even_far_into_the_file(tmp_path):
    path = write_video(tmp_path / "a.mp4", [i * 500 for i in range(24)], gop=6, b_frames=2)
    video, numbers = seen(path, 8, 11)
    assert numbers == [16, 17, 18, 19, 20, 21] and video.timestamps[0] == 8 and video.duration == 3


def test_max_frames_spreads_over_the_whole_video(tmp_path):
    path = write_video(tmp_path / "a.mp4", [i * 250 for i in range(80)])
    video, _ = seen(path, budget=VideoBudget(fps=2, max_frames=9, min_pixels=784))
    assert len(video.frames) == 8 and video.timestamps == [i * video.duration / 8 for i in range(8)]
    assert video.indices == pytest.approx([0, 10, 20, 30, 40, 50, 60, 70], abs=1)
    assert video.fps == 8 / video.duration


def test_one_frame_becomes_two(tmp_path):
    assert seen(write_video(tmp_path / "a.mp4", [0]))[1] == [0, 0]


def test_broken_files_are_faults_with_a_code(tmp_path):
    whole = write_video(tmp_path / "a.mp4", [i * 40 for i in range(200)], width=160, height=120, gop=25)
    late = write_video(tmp_path / "b.mp4", [i * 40 for i in range(50)], index_first=False)
    for source in (whole, late):
        source.with_suffix(".cut.mp4").write_bytes(source.read_bytes()[: source.stat().st_size * 6 // 10])
    (tmp_path / "text.mp4").write_text("not a video\n" * 20)
    (tmp_path / "zero.mp4").write_bytes(b"")
    assert fault(whole.with_suffix(".cut.mp4")).code == "truncated"
    assert fault(late.with_suffix(".cut.mp4")).code == "truncated"
    assert fault(tmp_path / "text.mp4").code == "not-media"
    assert fault(tmp_path / "zero.mp4").code == "empty"
    assert fault(tmp_path / "absent.mp4").code == "missing"
    assert fault(write_sound(tmp_path / "sound.mp4")).code == "no-video"
    assert fault(whole, start=20, end=25).code == "cut"
    assert fault(write_video(tmp_path / "thin.mp4", [0, 500], width=1000, height=4)).code == "shape"


def test_probe_describes_files_and_keeps_their_faults(tmp_path):
    video = write_video(tmp_path / "a.mp4", HALF_SECONDS, width=64, height=48)
    Image.new("RGB", (30, 20)).save(tmp_path / "b.png")
    items = media.probe({"paths": [str(video), str(tmp_path / "b.png"), str(tmp_path / "c.mp4")]})["items"]
    assert [items[0][key] for key in ("kind", "width", "height", "frames", "rotation")] == ["video", 64, 48, 10, 0]
    assert items[0]["duration"] == pytest.approx(5, abs=0.5)
    assert (items[1]["kind"], items[1]["width"], items[1]["height"], items[1]["duration"]) == ("image", 30, 20, None)
    assert items[2]["error"]["code"] == "missing"


def test_images_are_turned_by_exif_and_scaled(tmp_path):
    pixels = np.zeros((56, 84, 3), dtype=np.uint8)
    pixels[:28, :42] = 255
    exif = Image.Exif()
    exif[0x0112] = 6  # a quarter clockwise
    Image.fromarray(pixels).save(tmp_path / "a.png", exif=exif)
    turned = load_image(str(tmp_path / "a.png"), BUDGET).pixels
    assert turned.shape == (84, 56, 3) and turned[10, 50].min() > 250 and turned[10, 5].max() < 5
    (tmp_path / "b.jpg").write_text("no picture")
    with pytest.raises(MediaFault, match="not an image"):
        load_image(str(tmp_path / "b.jpg"), BUDGET)


def test_the_cache_goes_by_content_and_stays_within_bounds(tmp_path, monkeypatch):
    monkeypatch.setattr(media, "CACHE", media.FrameCache(10 * 56 * 56 * 3))
    path = write_video(tmp_path / "a.mp4", HALF_SECONDS, width=56, height=56)
    first = load_video(str(path), None, None, BUDGET, sha256="one")
    assert load_video("/elsewhere/a.mp4", None, None, BUDGET, sha256="one") is first
    assert load_video(str(path), 0, 2, BUDGET, sha256="one") is not first
    assert load_video(str(path), None, None, BUDGET, sha256="two") is not first
    assert media.CACHE.bytes <= media.CACHE.limit and len(media.CACHE.entries) == 1
    assert media.CACHE.under_way == {}


def test_thumbnails_are_the_frames_that_the_model_saw(tmp_path):
    path = write_video(tmp_path / "a.mp4", HALF_SECONDS, width=112, height=84)
    budget = {"fps": 2, "max_frames": 16, "min_pixels": 784, "max_pixels": 4 * 784, "total_pixels": 4096 * 784}
    wanted = {"path": str(path), "video_budget": budget, "out_dir": str(tmp_path / "out"), "count": 4}
    items = media.thumbnails(wanted)["items"]
    video = load_video(str(path), None, None, budget)
    assert [item["time"] for item in items] == [0, 1.5, 3, 4.5]
    assert np.array_equal(np.asarray(Image.open(items[1]["file"])), video.frames[3])
    # More than there are: every one of them, the last too.
    all_items = media.thumbnails({**wanted, "count": 32})["items"]
    assert [item["time"] for item in all_items] == video.timestamps


def test_sampling_times():
    assert sample_times(5.0, BUDGET).times == [i / 2 for i in range(10)]
    assert len(sample_times(5.04, BUDGET).times) == 10 and sample_times(5.04, BUDGET).fps == 2
    assert len(sample_times(0.0, BUDGET).times) == 2
    spread = sample_times(100.0, BUDGET)
    assert len(spread.times) == 16 and spread.fps == 0.16 and spread.times[-1] == pytest.approx(93.75)


def test_frame_sizes_follow_the_reference():
    from transformers.models.qwen2_vl.video_processing_qwen2_vl import smart_resize as theirs

    for height, width in [(1080, 1920), (240, 426), (56, 56), (37, 61), (2160, 100), (10, 15)]:
        assert smart_resize(height, width, 28, 4 * 784, 768 * 784) == theirs(height, width, 28, 4 * 784, 768 * 784)
    tight = VideoBudget(fps=2, max_frames=256, min_pixels=16 * 784, max_pixels=768 * 784, total_pixels=4096 * 784)
    rows, columns = frame_size(1080, 1920, 256, tight)
    assert rows * columns <= 4096 * 784 * 2 // 256 and rows * columns >= 16 * 784


def test_the_processor_leaves_scaled_frames_alone():
    from transformers import Qwen2VLVideoProcessor

    budget = VideoBudget(fps=2, max_frames=256, min_pixels=16 * 784, max_pixels=768 * 784, total_pixels=512 * 784)
    rows, columns = frame_size(1080, 1920, 64, budget)
    frames = np.zeros((64, rows, columns, 3), dtype=np.uint8)
    out = Qwen2VLVideoProcessor()(videos=[frames], return_tensors="pt", **processor_kwargs(budget)["videos_kwargs"])
    assert out["video_grid_thw"].tolist() == [[32, rows // 14, columns // 14]]
