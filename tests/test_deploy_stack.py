"""The whole stack as `lipchord up` starts it: real stores, workers, generator and HTTP."""

import io
import json
import os
import signal
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import av
import numpy as np
import pytest
from PIL import Image

from deploy.stack import Stack, StackOptions
from lipchord_client import Client, RefusedError
from lipsync_engine import avatar
from tests.independent_reader import decoded

TEXT = (
    "The first sentence of a longer text, which is cut where it pauses. The second one follows. "
    "A third one makes sure that the job is still at work when its front door is gone."
)


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    options = StackOptions(
        var=tmp_path_factory.mktemp("stack"), port=0, flower_port=0, queue_port=0, blob_port=0,
        blob_memory=512 * 2**20, env={"LIPCHORD_LOCATOR": "built-in"},
    )  # fmt: skip
    with Stack(options) as running:
        yield running


@pytest.fixture
def client(stack: Stack) -> Client:
    return Client(stack.url)


def post(url: str, body: dict[str, object]) -> tuple[int, dict[str, str], bytes]:
    request = urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=120) as answer:
            return answer.status, dict(answer.headers), answer.read()
    except urllib.error.HTTPError as error:
        return error.code, dict(error.headers), error.read()


def wall(path: Path) -> Path:
    noise = np.random.default_rng(1).normal(150, 8, (400, 400, 3)).clip(0, 255).astype(np.uint8)
    noise[::50] = 90
    Image.fromarray(noise).save(path)
    return path


def test_a_killed_api_process_costs_no_job(stack: Stack, client: Client, tmp_path: Path) -> None:
    job = client.submit(TEXT, language="en")
    first = stack.pid("api")
    while job.refresh().view["stage"] != "rendering":
        time.sleep(0.05)

    os.killpg(os.getpgid(first), signal.SIGKILL)

    job.wait().download(tmp_path / "out.mp4")
    assert len(decoded(tmp_path / "out.mp4")) == job.n_frames
    assert stack.pid("api") != first


def test_generate_parallel_answers_with_the_video(stack: Stack, tmp_path: Path) -> None:
    body = {"text": "Hello there, this is a test.", "language": "en", "num_workers": 2}

    status, headers, video = post(f"{stack.url}/api/generate_parallel", body)

    assert status == 200
    assert headers["Content-Type"] == "video/mp4"
    with av.open(io.BytesIO(video)) as container:
        assert container.streams.video[0].frames > 20
        assert container.streams.audio


def test_own_face_and_own_voice(client: Client, tmp_path: Path) -> None:
    face, sound = tmp_path / "face.jpg", tmp_path / "spoken.mp4"
    picture = avatar.default_face().image(0)[..., ::-1]
    Image.fromarray(picture).resize((640, 640)).save(face, quality=92)
    client.submit("My own voice.", language="en", wait=True).download(sound)

    job = client.submit(audio=sound, face=face, fps=30, wait=True)

    job.download(tmp_path / "own.mp4")
    with av.open(str(tmp_path / "own.mp4")) as container:
        assert container.streams.video[0].width == 640
        assert container.streams.video[0].average_rate == 30


@pytest.mark.parametrize("name", ["wall.png", "speech.mp3", "empty.wav"])
def test_a_bad_upload_is_refused_in_the_request_that_brought_it(
    stack: Stack, client: Client, tmp_path: Path, name: str
) -> None:
    files = {
        "wall.png": ("face", wall),
        "speech.mp3": ("audio", lambda path: path.write_text("not a sound at all " * 100)),
        "empty.wav": ("audio", lambda path: path.touch()),
    }
    kind, make = files[name]
    make(tmp_path / name)
    text = "Hello" if kind == "face" else None

    with pytest.raises(RefusedError, match=r"[Tt]ry|[Cc]hoose|[Uu]se|[Ss]end") as refusal:
        client.submit(text, **{kind: tmp_path / name})

    assert refusal.value.status == 422


def test_everything_is_ready_and_monitored(stack: Stack) -> None:
    with urllib.request.urlopen(f"{stack.url}/readyz", timeout=10) as answer:
        assert answer.status == 200
    with urllib.request.urlopen(f"{stack.url}/metrics", timeout=10) as answer:
        assert b"lipchord_" in answer.read()
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(stack.flower_url, timeout=10)

    assert refused.value.code == 401
