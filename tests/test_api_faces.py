"""Registered faces over HTTP: kept until deleted, corrected point by point, each tenant's own."""

import io
import json
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from lipsync_engine.face import Face
from tasks.endings import Endings
from tasks.hygiene import GRACE_S, Hygiene
from tasks.plan import Capacity, make_plan
from tasks.storage import read
from tasks.stores import connect
from tests.api_house import HELLO, JOBS, problem_of
from tests.looking_house import FACES, LookingHouse, photo

LIP = 51  # a point of the upper lip


@pytest.fixture
def house(queue_store: str, blob_store: str) -> LookingHouse:
    return LookingHouse(queue_store, blob_store)


def jpeg(answer: Any) -> Any:
    """(H, W, 3) of a picture that the API has sent."""
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "image/jpeg"
    return np.asarray(Image.open(io.BytesIO(answer.data)).convert("RGB")).astype(int)


def moved(face: dict[str, Any], index: int, by: tuple[float, float]) -> list[list[float]]:
    """The face's landmarks with one of them elsewhere."""
    points: list[list[float]] = json.loads(json.dumps(face["landmarks"]))
    points[index] = [points[index][0] + by[0], points[index][1] + by[1]]
    return points


def job_of(house: LookingHouse, face: str, **more: object) -> str:
    answer = house.http.post(JOBS, json=HELLO | {"face": face} | more)
    assert answer.status_code == 202, answer.text
    return str(answer.get_json()["id"])


def planned_face(house: LookingHouse, job_id: str) -> Face:
    """The face that a worker would render, planned as a cpu worker plans."""
    request = house.records.job(job_id).request
    made = make_plan(request, house.storage, house.settings, Capacity(), lambda _: None)
    return Face.from_bytes(read(house.storage, made.face))


# -- registering ---------------------------------------------------------------------------


def test_a_registered_face_has_landmarks_a_picture_and_a_preview(house: LookingHouse) -> None:
    face = house.kept()

    picture = jpeg(house.http.get(face["links"]["picture"]))
    preview = jpeg(house.http.get(face["links"]["preview"]))

    assert face["id"].startswith("face_")
    assert (face["kind"], face["n_frames"], face["corrected"]) == ("picture", 1, False)
    assert picture.shape == preview.shape == (face["height"], face["width"], 3)
    assert len(face["landmarks"]) == 68
    changed = np.abs(picture - preview).max(-1) > 60
    assert 0.003 < changed.mean() < 0.2
    for x, y in face["landmarks"]:
        assert changed[round(y) - 3 : round(y) + 4, round(x) - 3 : round(x) + 4].any()


def test_the_same_face_is_found_again_by_its_id_and_in_the_list(house: LookingHouse) -> None:
    faces = [house.kept() for _ in range(3)]

    first = house.http.get(f"{FACES}?limit=2").get_json()
    second = house.http.get(f"{FACES}?limit=2&cursor={first['next_cursor']}").get_json()

    assert house.http.get(faces[0]["links"]["self"]).get_json() == faces[0]
    assert first["faces"] == [faces[2], faces[1]]
    assert (second["faces"], second["next_cursor"]) == ([faces[0]], None)
    assert len(house.outbox.asked) == 1  # the same bytes are looked at once


def test_a_face_without_a_face_is_refused_with_what_to_send(house: LookingHouse) -> None:
    plain = io.BytesIO()
    Image.new("RGB", (300, 300), (90, 120, 200)).save(plain, "PNG")

    problem = problem_of(house.sent(plain.getvalue()), 422, "no-face")

    assert problem["errors"] == [{"field": "face", "detail": problem["detail"]}]
    assert house.http.get(FACES).get_json()["faces"] == []


def test_what_is_no_picture_or_nothing_at_all_is_refused(house: LookingHouse) -> None:
    problem_of(house.sent(b"GIF? no."), 422, "unreadable-media")
    problem_of(house.sent(b""), 422, "empty-file")
    problem_of(house.http.post(FACES, json={}), 422, "invalid-request")
    problem_of(house.http.post(FACES, json={"face": "blob_" + "0" * 64}), 422, "missing-blob")
    # No worker is asked to look for what is not there: nobody would hear that he found nothing.
    assert len(house.outbox.asked) == 1


def test_nobody_waits_for_a_cpu_worker_that_is_not_there(queue_store: str, blob_store: str) -> None:
    house = LookingHouse(queue_store, blob_store)
    connect(queue_store).delete("lipchord:workers")

    answer = house.http.post(FACES, data={"face": (io.BytesIO(photo()), "me.png")})

    problem_of(answer, 503, "no-cpu-worker")
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_tenant_has_no_more_faces_than_he_may(queue_store: str, blob_store: str) -> None:
    house = LookingHouse(queue_store, blob_store, tenant_faces=2)
    face = house.kept()
    house.kept()

    problem_of(house.sent(photo()), 409, "too-many-faces")

    assert house.http.delete(face["links"]["self"]).status_code == 204
    house.kept()


def test_another_tenants_face_is_none(queue_store: str, blob_store: str, tmp_path: Path) -> None:
    keys = tmp_path / "keys"
    keys.write_text("anna:anna-s-key-of-some-length\nboris:boris-key-of-some-length\n")
    house = LookingHouse(queue_store, blob_store, api_keys_file=str(keys))
    anna, boris = ({"X-API-Key": f"{key}-key-of-some-length"} for key in ("anna-s", "boris"))
    sent = {"data": {"face": (io.BytesIO(photo()), "me.png")}}
    face = house.http.post(FACES, headers=anna, **sent).get_json()

    for path in ("self", "picture", "preview"):
        problem_of(house.http.get(face["links"][path], headers=boris), 404, "unknown-face")
    problem_of(house.http.delete(face["links"]["self"], headers=boris), 404, "unknown-face")
    wanted = {"landmarks": face["landmarks"]}
    patched = house.http.patch(face["links"]["self"], json=wanted, headers=boris)
    problem_of(patched, 404, "unknown-face")
    sent_job = house.http.post(JOBS, json=HELLO | {"face": face["id"]}, headers=boris)
    problem_of(sent_job, 422, "missing-face")
    assert house.http.get(FACES, headers=boris).get_json()["faces"] == []
    assert house.http.get(FACES, headers=anna).get_json()["faces"] == [face]


# -- correcting ----------------------------------------------------------------------------


def test_a_corrected_point_is_kept_shown_and_rendered(house: LookingHouse) -> None:
    face = house.kept()
    before = planned_face(house, job_of(house, face["id"]))

    answer = house.http.patch(
        face["links"]["self"], json={"landmarks": moved(face, LIP, (3.0, -2.0))}
    )

    mended = answer.get_json()
    assert answer.status_code == 200, answer.text
    assert mended["corrected"]
    assert mended["landmarks"][LIP] == moved(face, LIP, (3.0, -2.0))[LIP]
    assert mended["links"]["preview"] != face["links"]["preview"]
    assert jpeg(house.http.get(mended["links"]["preview"])).shape[1] == face["width"]
    after = planned_face(house, job_of(house, face["id"]))
    assert np.abs(after.landmarks - before.landmarks).max() == pytest.approx(3.0, abs=0.02)
    assert after.images == before.images
    assert after.located_by == "user"


def test_a_job_keeps_the_face_that_it_was_accepted_with(house: LookingHouse) -> None:
    face = house.kept()
    job = job_of(house, face["id"])
    house.http.patch(face["links"]["self"], json={"landmarks": moved(face, LIP, (3.0, 0.0))})
    house.http.delete(face["links"]["self"])
    problem_of(house.http.get(face["links"]["self"]), 404, "unknown-face")

    rendered = planned_face(house, job)

    np.testing.assert_allclose(rendered.landmarks[0], face["landmarks"], atol=0.01)
    assert house.http.get(f"{JOBS}/{job}").get_json()["request"]["face"] == face["id"]
    problem_of(house.http.post(JOBS, json=HELLO | {"face": face["id"]}), 422, "missing-face")


def test_the_same_request_sent_again_is_the_same_job_whatever_became_of_its_face(
    house: LookingHouse,
) -> None:
    face, key = house.kept(), {"Idempotency-Key": "once"}
    wanted = HELLO | {"face": face["id"]}
    job = house.http.post(JOBS, json=wanted, headers=key).get_json()["id"]

    house.http.patch(face["links"]["self"], json={"landmarks": moved(face, LIP, (2.0, 0.0))})
    corrected = house.http.post(JOBS, json=wanted, headers=key).get_json()["id"]
    house.http.delete(face["links"]["self"])
    deleted = house.http.post(JOBS, json=wanted, headers=key).get_json()["id"]

    assert corrected == deleted == job


@pytest.mark.parametrize(
    ("change", "point", "words"),
    [
        ({30: (900.0, 0.0)}, 30, "outside the picture"),
        ({5: (float("nan"), 0.0)}, 5, "two numbers"),
        ({62: (0.0, -150.0)}, 62, "above the eyes"),
        ({48: (90.0, 0.0), 54: (-90.0, 0.0)}, 48, "clockwise"),
        ({40: (120.0, 0.0)}, 39, "left of point 40"),
        ({44: (0.0, -60.0)}, 44, "far from the rest"),
        ({62: (0.0, 35.0)}, 62, "outside the outer lips"),
        ({8: (0.0, -170.0)}, 8, "chin"),
    ],
)
def test_a_point_that_cannot_be_there_is_named(
    house: LookingHouse, change: dict[int, tuple[float, float]], point: int, words: str
) -> None:
    face = house.kept()
    points = face["landmarks"]
    for index, (right, down) in change.items():
        points[index] = [points[index][0] + right, points[index][1] + down]

    answer = house.http.patch(face["links"]["self"], json={"landmarks": points})

    problem = problem_of(answer, 422, "bad-landmarks")
    assert words in str(problem["detail"])
    assert problem["errors"] == [{"field": f"landmarks[{point}]", "detail": problem["detail"]}]
    assert not house.http.get(face["links"]["self"]).get_json()["corrected"]


@pytest.mark.parametrize(
    "wrong", [None, 7, [], [[1, 2]] * 67, [[1, 2]] * 69, [["a", "b"]] * 68, [[1]] * 68]
)
def test_what_are_not_68_points_is_refused(house: LookingHouse, wrong: object) -> None:
    face = house.kept()

    answer = house.http.patch(face["links"]["self"], json={"landmarks": wrong})

    assert "68 points" in str(problem_of(answer, 422, "invalid-request")["detail"])


def test_eyes_that_were_exchanged_are_refused(house: LookingHouse) -> None:
    face = house.kept()
    points = face["landmarks"]
    points[36:42], points[42:48] = points[42:48], points[36:42]

    answer = house.http.patch(face["links"]["self"], json={"landmarks": points})

    assert "swapped" in str(problem_of(answer, 422, "bad-landmarks")["detail"])


def test_of_two_corrections_at_once_one_is_told_to_look_again(house: LookingHouse) -> None:
    face = house.kept()
    faces = house.queue.faces
    old = faces.face(face["id"], "public")
    house.http.patch(face["links"]["self"], json={"landmarks": moved(face, LIP, (2.0, 0.0))})

    faces.face = lambda *_: old  # type: ignore[method-assign]
    late = house.http.patch(face["links"]["self"], json={"landmarks": moved(face, LIP, (0.0, 2.0))})

    problem_of(late, 409, "stale")


# -- keeping -------------------------------------------------------------------------------


def test_hygiene_takes_nothing_from_a_kept_face_and_all_of_a_deleted_one(
    house: LookingHouse,
) -> None:
    blobs = connect(house.settings.blob_url)
    face = house.kept()
    house.http.patch(face["links"]["self"], json={"landmarks": moved(face, LIP, (2.0, 0.0))})
    hygiene = Hygiene(house.holds, Endings(connect(house.settings.queue_url)))

    hygiene.sweep()
    house.holds.collect_orphans(0, 1000, 0)

    kept = house.queue.faces.face(face["id"], "public").made
    assert all(house.storage.verify(key) for key in kept.blobs)
    assert min(blobs.pttl(f"lipchord:{key}") for key in kept.blobs) > 9 * 365 * 86400 * 1000
    house.http.delete(face["links"]["self"])
    assert not any(house.storage.verify(key) for key in kept.blobs)
    assert house.http.delete(face["links"]["self"]).status_code == 204


def test_what_a_crash_leaves_between_the_holds_and_the_record_ages(house: LookingHouse) -> None:
    blobs = connect(house.settings.blob_url)
    face = house.kept()
    made = house.queue.faces.face(face["id"], "public").made
    connect(house.settings.queue_url).delete(f"lipchord:face:{face['id']}")
    blobs.zadd("lipchord:holders", {f"{face['id']}.1": blobs.time()[0] - GRACE_S - 1})

    Hygiene(house.holds, Endings(connect(house.settings.queue_url))).sweep()

    assert house.holds.owners(made.source) == ()
    longest = max(house.settings.upload_ttl_s, house.settings.result_ttl_s)
    assert all(0 < blobs.ttl(f"lipchord:{key}") <= longest for key in made.blobs)


def test_a_deleted_faces_blobs_stay_for_the_job_that_has_them_and_go_with_it(
    house: LookingHouse,
) -> None:
    face = house.kept()
    made = house.queue.faces.face(face["id"], "public").made
    job = job_of(house, face["id"])

    house.http.delete(face["links"]["self"])
    there = [house.storage.verify(key) for key in made.of_a_job]
    house.http.delete(f"{JOBS}/{job}")

    assert there == [True, True, True]
    assert not any(house.storage.verify(key) for key in made.blobs)


def test_two_faces_of_the_same_picture_do_not_take_each_others_blobs(house: LookingHouse) -> None:
    one, other = house.kept(), house.kept()

    house.http.delete(one["links"]["self"])

    jpeg(house.http.get(other["links"]["picture"]))
    again = house.kept()  # what was found of it is remembered, whoever was deleted
    house.http.delete(other["links"]["self"])
    house.http.delete(again["links"]["self"])
    jpeg(house.http.get(house.kept()["links"]["picture"]))


# -- videos --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def film(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """Half a second of the avatar that tilts its head."""
    from tests.faces import avatar_view

    path = tmp_path_factory.mktemp("film") / "tilting.mp4"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"crf": "12"})
        stream.width = stream.height = 400
        stream.pix_fmt = "yuv420p"
        for number in range(12):
            picture = avatar_view(400, 400, 0.6, turn=number - 6)[0]
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(picture), format="bgr24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path.read_bytes()


def test_a_correction_of_a_video_turns_with_the_head_through_all_frames(
    house: LookingHouse, film: bytes
) -> None:
    face = house.kept(film)
    before = planned_face(house, job_of(house, face["id"]))
    by = (4.0, -3.0)

    answer = house.http.patch(face["links"]["self"], json={"landmarks": moved(face, LIP, by)})
    assert answer.status_code == 200, answer.text
    after = planned_face(house, job_of(house, face["id"]))
    slower = planned_face(house, job_of(house, face["id"], fps="12"))

    assert (face["kind"], face["n_frames"]) == ("video", 12)
    shift = after.landmarks - before.landmarks
    assert np.abs(np.delete(shift, LIP, 1)).max() < 0.01
    np.testing.assert_allclose(shift[0, LIP], by, atol=0.02)
    for index in range(12):
        tilt = _tilt(before.landmarks[index]) - _tilt(before.landmarks[0])
        turned = complex(*by) * np.exp(1j * tilt)
        np.testing.assert_allclose(shift[index, LIP], (turned.real, turned.imag), atol=0.35)
    assert abs(_tilt(before.landmarks[11]) - _tilt(before.landmarks[0])) > 0.15
    assert slower.n_images in (6, 7)
    assert slower.located_by == "user"


def _tilt(marks: Any) -> float:
    """The angle of a line through both eyes, radians."""
    across = marks[42:48].mean(0) - marks[36:42].mean(0)
    return float(np.arctan2(across[1], across[0]))


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_body_is_answered_in_words(house: LookingHouse, data: st.DataObject) -> None:
    body = data.draw(
        st.recursive(
            st.none() | st.booleans() | st.floats() | st.text(max_size=8),
            lambda inner: st.lists(inner, max_size=70) | st.dictionaries(st.text(), inner),
            max_leaves=80,
        )
    )

    answer = house.http.patch(
        f"{FACES}/face_{'0' * 32}", data=json.dumps(body), content_type="application/json"
    )

    assert answer.status_code in (400, 404, 422), answer.text


def test_a_face_that_is_no_id_is_refused_where_it_is_named(house: LookingHouse) -> None:
    answer = house.http.post(JOBS, json=HELLO | {"face": "face_1"})

    assert "face_" in str(problem_of(answer, 422, "invalid-request")["detail"])
