"""A job's stream over HTTP: what plays, when, and what is said where nothing does."""

import time
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path

import m3u8
import pytest

from tasks.contract import Failure
from tests.api_house import HELLO, JOBS, House, problem_of
from tests.streams import Film, film, played, player, serving


@pytest.fixture
def house(queue_store: str, blob_store: str) -> House:
    return House(queue_store, blob_store)


def playlist(house: House, job_id: str, kind: str) -> m3u8.M3U8:
    answer = house.http.get(f"{JOBS}/{job_id}/stream/{kind}.m3u8")
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/vnd.apple.mpegurl"
    return m3u8.loads(answer.text)


def shown(house: House, job_id: str) -> dict[str, object]:
    return dict(house.http.get(f"{JOBS}/{job_id}").get_json())


def test_nothing_plays_before_the_first_chunk_and_its_sound(house: House, tmp_path: Path) -> None:
    job_id = house.accepted()
    before = shown(house, job_id)
    made = film(house, tmp_path, 30, 60, 20)
    stream = f"{JOBS}/{made.job_id}/stream.m3u8"

    planned = house.http.get(stream)
    made.bring(0)
    without_sound = house.http.get(stream)
    silent = shown(house, made.job_id)
    made.sound()
    both = house.http.get(stream)

    assert (before["links"]["stream"], before["playable_seconds"]) == (None, 0)  # type: ignore[index]
    for answer in (planned, without_sound):
        assert problem_of(answer, 409, "not-ready")
        assert answer.headers["Retry-After"] == "1"
    assert silent["links"]["stream"] == stream  # type: ignore[index]
    assert silent["playable_seconds"] == 0
    assert both.status_code == 200
    assert shown(house, made.job_id)["playable_seconds"] == 30 / 25


def test_the_playlist_grows_by_the_chunks_that_are_done_in_order(
    house: House, tmp_path: Path
) -> None:
    made = film(house, tmp_path, 30, 60, 20)
    made.sound()
    made.bring(0)
    first = playlist(house, made.job_id, "video")

    made.bring(2)  # before its turn
    same = playlist(house, made.job_id, "video")
    made.bring(1)
    rest = playlist(house, made.job_id, "video")
    ended = (rest.is_endlist, made.merge() and playlist(house, made.job_id, "video").is_endlist)

    def files(found: m3u8.M3U8) -> list[str]:
        return [str(segment.uri) for segment in found.segments]

    assert files(first) == files(same) == ["video-0.m4s"]
    assert files(rest)[:2] == ["video-0.m4s", "video-30.m4s"]
    assert files(rest)[-1] == "video-90.m4s"
    assert ended == (False, True)


def test_the_sound_is_listed_as_far_as_the_pictures_go(house: House, tmp_path: Path) -> None:
    made = film(house, tmp_path, 30, 220)
    made.sound()
    made.bring(0)

    beginning = playlist(house, made.job_id, "audio")
    made.bring(1)
    whole = playlist(house, made.job_id, "audio")

    assert len(beginning.segments) == 1
    assert sum(segment.duration for segment in whole.segments) == pytest.approx(10.0)


def test_ffmpeg_finds_every_frame_and_all_the_sound_of_a_finished_stream(
    house: House, tmp_path: Path
) -> None:
    fps = Fraction(30_000, 1001)
    made = film(house, tmp_path, 38, 75, 60, fps=fps)
    made.sound()
    made.bring(0, 1, 2)
    made.merge()

    with serving(house) as url:
        stream = f"{url}{JOBS}/{made.job_id}/stream.m3u8"
        frames = played(player(stream, "v"))
        sound = played(player(stream, "a"))

    assert [time for time, _ in frames] == [k / fps for k in range(173)]
    lengths = [length for _, length in sound]
    assert 0 <= sum(lengths) - 173 / fps * 48_000 < 1024
    starts = [time for time, _ in sound]
    assert starts == [Fraction(1024 * k, 48_000) for k in range(len(sound))]


def test_ffmpeg_that_plays_while_the_job_renders_misses_nothing(
    house: House, tmp_path: Path
) -> None:
    made = film(house, tmp_path, 30, 60, 20)
    made.sound()
    made.bring(0)

    with serving(house) as url:
        child = player(f"{url}{JOBS}/{made.job_id}/stream.m3u8", "v")
        time.sleep(1.0)
        made.bring(1)
        time.sleep(1.0)
        assert child.poll() is None  # it waits for more
        made.bring(2)
        made.merge()
        frames = played(child)

    assert [at for at, _ in frames] == [Fraction(k, 25) for k in range(110)]


def test_the_captions_are_cut_where_the_pictures_are(house: House, tmp_path: Path) -> None:
    made = film(house, tmp_path, 30, 60, 20)
    made.sound()
    made.bring(0)
    at = f"{JOBS}/{made.job_id}/stream"
    (offered,) = [
        media
        for media in m3u8.loads(house.http.get(f"{at}.m3u8").text).media
        if media.type == "SUBTITLES"
    ]
    early = playlist(house, made.job_id, "captions")
    made.bring(1, 2)
    made.merge()

    video, captions = (playlist(house, made.job_id, kind) for kind in ("video", "captions"))
    first, second = (house.http.get(f"{at}/captions-{n}.vtt") for n in (0, 30))

    assert (offered.uri, offered.language) == ("stream/captions.m3u8", "en")
    assert (offered.default, offered.autoselect, offered.forced) == ("NO", "YES", "NO")
    assert [one.uri for one in early.segments] == ["captions-0.vtt"]
    assert not early.is_endlist
    assert captions.is_endlist
    assert [one.duration for one in captions.segments] == [one.duration for one in video.segments]
    assert captions.segment_map == []
    assert first.mimetype == "text/vtt"
    assert "X-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000" in first.text
    assert "First sentence" in first.text
    assert "Second" not in first.text
    assert "00:00:01.500 --> 00:00:04.400\nSecond &amp; last" in second.text


def test_a_stream_without_a_text_has_no_captions(house: House, tmp_path: Path) -> None:
    made = film(house, tmp_path, 30, said=())
    made.sound()
    made.bring(0)
    stream = f"{JOBS}/{made.job_id}/stream"

    assert "SUBTITLES" not in house.http.get(f"{stream}.m3u8").text
    for name in ("captions.m3u8", "captions-0.vtt"):
        assert house.http.get(f"{stream}/{name}").status_code == 404


def test_a_segment_is_the_same_bytes_for_ever_and_a_playlist_is_asked_for_again(
    house: House, tmp_path: Path
) -> None:
    made = film(house, tmp_path, 30, 20)
    made.sound()
    made.bring(0)
    at = f"{JOBS}/{made.job_id}/stream"

    segment = house.http.get(f"{at}/video-0.m4s")
    listed = house.http.get(f"{at}/video.m3u8")
    same = house.http.get(f"{at}/video.m3u8", headers={"If-None-Match": listed.headers["ETag"]})
    made.bring(1)
    more = house.http.get(f"{at}/video.m3u8", headers={"If-None-Match": listed.headers["ETag"]})

    assert "immutable" in segment.headers["Cache-Control"]
    assert segment.mimetype == "video/mp4"
    assert listed.headers["Cache-Control"] == "private, no-cache"
    assert (same.status_code, same.data, more.status_code) == (304, b"", 200)


def fail(made: Film) -> None:
    assert made.house.records.fail(made.job_id, Failure("internal", "A kernel went wrong."))


def cancel(made: Film) -> None:
    made.house.queue.cancel(made.job_id)


def lose_chunks(made: Film) -> None:
    made.bring(1)
    made.merge()
    for key in made.keys:
        made.house.storage.delete(key)


def delete(made: Film) -> None:
    made.bring(1)
    made.merge()
    made.house.queue.delete(made.job_id)


@pytest.mark.parametrize("end", [cancel, lose_chunks, delete])
def test_a_stream_whose_chunks_are_gone_says_what_to_do(
    house: House, tmp_path: Path, end: Callable[[Film], None]
) -> None:
    made = film(house, tmp_path, 30, 20)
    made.sound()
    made.bring(0)

    end(made)

    answer = house.http.get(f"{JOBS}/{made.job_id}/stream/video.m3u8")
    said = problem_of(answer, 410, "gone")["detail"]
    assert ("Fetch its whole video" if end is lose_chunks else "Send it again") in str(said)


def test_a_failed_job_ends_its_stream_with_what_there_is(house: House, tmp_path: Path) -> None:
    made = film(house, tmp_path, 30, 20)
    made.sound()
    made.bring(0)

    fail(made)

    found = playlist(house, made.job_id, "video")
    assert found.is_endlist
    assert len(found.segments) == 1
    assert shown(house, made.job_id)["links"]["stream"]  # type: ignore[index]


def test_a_job_that_failed_before_its_first_chunk_has_no_stream(
    house: House, tmp_path: Path
) -> None:
    made = film(house, tmp_path, 30, 20)

    fail(made)

    assert shown(house, made.job_id)["links"]["stream"] is None  # type: ignore[index]
    problem_of(house.http.get(f"{JOBS}/{made.job_id}/stream.m3u8"), 410, "gone")


def test_a_chunk_that_is_rendered_again_never_makes_a_playlist_shorter(
    house: House, tmp_path: Path
) -> None:
    made = film(house, tmp_path, 30, 20)
    made.sound()
    made.bring(0, 1)
    before = playlist(house, made.job_id, "video")
    fence = house.records.begin_merge(made.job_id, 2)
    assert fence is not None

    house.records.reopen(made.job_id, 1, fence, Failure("damaged-chunk", "It is gone."))
    meanwhile = house.http.get(f"{JOBS}/{made.job_id}/stream/video.m3u8")
    made.bring(1)

    problem_of(meanwhile, 503, "store-unavailable")
    assert playlist(house, made.job_id, "video").dumps() == before.dumps()


@pytest.mark.parametrize(
    "name",
    [
        "video-1.m4s",
        "video-99.m4s",
        "video-030.m4s",
        "audio-1.m4s",
        "captions-1.vtt",
        "captions-0.m4s",
        "video-0.vtt",
        "..",
        "init.mp4",
    ],
)
def test_a_file_that_no_playlist_names_is_not_found(
    house: House, tmp_path: Path, name: str
) -> None:
    made = film(house, tmp_path, 30, 20)
    made.sound()
    made.bring(0)

    assert house.http.get(f"{JOBS}/{made.job_id}/stream/{name}").status_code == 404


def test_a_stream_is_its_tenants_own(queue_store: str, blob_store: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("alice:alices-secret-key\nbob:bobs-very-secret-key\n")
    house = House(queue_store, blob_store, api_keys_file=str(keys))  # type: ignore[arg-type]
    alice, bob = ({"X-API-Key": key} for key in ("alices-secret-key", "bobs-very-secret-key"))
    job_id = house.http.post(JOBS, json=HELLO, headers=alice).get_json()["id"]

    for path in ("stream.m3u8", "stream/video.m3u8", "events"):
        at = f"{JOBS}/{job_id}/{path}"
        problem_of(house.http.get(at, headers=bob), 404, "unknown-job")
        problem_of(house.http.get(at), 401, "unauthorized")
    problem_of(house.http.get(f"{JOBS}/{job_id}/stream.m3u8", headers=alice), 409, "not-ready")
