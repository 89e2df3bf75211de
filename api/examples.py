"""Examples for /openapi.json and /docs; a test sends each of them."""

from dataclasses import replace
from typing import Any

from api.views import job_view
from tasks.contract import (
    ChunkState,
    ChunkStatus,
    Failure,
    Job,
    JobRequest,
    JobState,
    Stage,
    VideoInfo,
    WebhookState,
    WebhookStatus,
)
from tasks.proof import Proof

JOB_ID = "job_" + "1f0a2b3c" * 4
WEBHOOK = "https://example.com/lipchord?order=17"

SPEECHES: dict[str, Any] = {
    "text": {"summary": "A text", "value": {"text": "Hello! This face speaks.", "language": "en"}},
    "voice": {
        "summary": "A text, another voice",
        "value": {
            "text": "Привет! Это лицо говорит.", "language": "ru", "rate": 150, "pitch": 40,
        },
    },
}  # fmt: skip
JOBS: dict[str, Any] = {
    **SPEECHES,
    "workers": {
        "summary": "A text, on two workers",
        "value": {"text": "Two workers render this.", "language": "en", "num_workers": 2},
    },
    "webhook": {
        "summary": "A text; an address is told when the video is there",
        "value": {"text": "Nobody polls.", "webhook": WEBHOOK},
    },
    "options": {
        "summary": "Every frame chosen",
        "value": {
            "text": "Thirty frames a second.", "fps": 29.97, "seed": 7, "blink": True,
            "sway": False,
        },
    },
}  # fmt: skip
SPEECH_FORMS: dict[str, Any] = {
    "text": {
        "summary": "A text; `audio` or `face` may be added as a file",
        "value": {"text": "Hello! This face speaks.", "language": "en"},
    }
}
JOB_FORMS: dict[str, Any] = {
    "text": {
        "summary": "A text; `audio` or `face` may be added as a file",
        "value": {"text": "Hello! This face speaks.", "language": "en", "num_workers": 2},
    }
}
CHECKED = {
    "n_frames": 55, "speech_seconds": 2.2, "exact": True, "chunks": 2, "workers": 2,
    "render_seconds": 0.42, "wait_seconds": 0.0, "total_seconds": 1.42,
    "warnings": ["There are two faces; the larger one speaks."],
    "face": "blob_" + "0f" * 32, "audio": "blob_" + "1e" * 32,
}  # fmt: skip
VOICES = {"voices": [{"language": "ru", "name": "Russian", "variants": ["f2", "m3"]}]}
WORKERS = {
    "workers": [
        {
            "name": "render0@host", "kind": "render", "generator": "viseme",
            "generator_ready": True, "device": "cores 0", "pid": 4711, "setups": 1,
            "chunks_done": 12, "frames_done": 3000, "job": JOB_ID,
            "fingerprint": "viseme-9-0b5fd7c1f5a4~cpu-AVX512x1-torch2.13.0;h264-2;crf=20;…",
        }
    ]
}  # fmt: skip

_REQUEST = JobRequest(text="Hello! This face speaks.", num_workers=2)
_SENT = 1_767_225_600.0  # 2026-01-01T00:00:00Z

CAPTIONS = "WEBVTT\n\n00:00:00.000 --> 00:00:02.200\nHello! This face speaks.\n"
MASTER = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Speech",DEFAULT=YES,AUTOSELECT=YES,URI="stream/audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=1403216,AVERAGE-BANDWIDTH=900412,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=768x768,FRAME-RATE=25.000,AUDIO="sound"
stream/video.m3u8
"""
PLAYLIST = """#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:2
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:EVENT
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-START:TIME-OFFSET=0,PRECISE=YES
#EXT-X-MAP:URI="video-init.mp4"
#EXTINF:1.200000,
video-0.m4s
"""
METRICS = """# HELP lipchord_store_up Whether a store answers: 1 or 0.
# TYPE lipchord_store_up gauge
lipchord_store_up{store="queue"} 1.0
"""
EVENTS = (
    'id: 1767225600250-0\nevent: planning\ndata: {"at": 1767225600.25, "worker": "cpu0@host", '
    '"attempt": "1"}\n\n'
    'id: 1767225600250-0\nevent: job\ndata: {"id": "job_1f0a2b3c…", "state": "running", …}\n\n'
)


def queued() -> dict[str, Any]:
    """A job just accepted."""
    return _shown(Job(JOB_ID, JobState.QUEUED, None, 0.0, _REQUEST, _SENT))


def running() -> dict[str, Any]:
    """A job whose first chunk of two is done."""
    chunks = (
        ChunkStatus(
            0, 0, 30, ChunkState.DONE, 30, "render0@host", 1.25, 1, started_at=_SENT + 0.5,
            finished_at=_SENT + 1.75,
        ),
        ChunkStatus(
            1, 30, 25, ChunkState.RENDERING, 10, "render1@host", None, 2, started_at=_SENT + 1,
            error="The worker that had it is gone.",
        ),
    )  # fmt: skip
    return _shown(
        Job(
            JOB_ID, JobState.RUNNING, Stage.RENDERING, 0.7, _REQUEST, _SENT, _SENT + 0.25,
            fps="25", n_frames=55, speech_seconds=2.2, chunks=chunks, eta_seconds=0.8,
            timings={"plan": 0.5}, playable_seconds=1.2,
        )
    )  # fmt: skip


def succeeded() -> dict[str, Any]:
    """A job whose video is there, and whose webhook is not yet heard."""
    chunks = (
        ChunkStatus(0, 0, 30, ChunkState.DONE, 30, "render0@host", 1.25, 1),
        ChunkStatus(1, 30, 25, ChunkState.DONE, 25, "render1@host", 1.05, 1),
    )
    proof = Proof(55, "25", 768, 768, 2.2, 2.2, "h264", "aac", 48_000, "615073b8857fa4f13de41cab")
    return _shown(
        Job(
            JOB_ID, JobState.SUCCEEDED, None, 1.0, replace(_REQUEST, webhook=WEBHOOK), _SENT,
            _SENT + 0.25, _SENT + 2.5, fps="25", n_frames=55, speech_seconds=2.2, chunks=chunks,
            timings={"plan": 0.5, "render": 1.25, "merge": 0.5}, playable_seconds=2.2,
            warnings=("There are two faces; the larger one speaks.",),
            video=VideoInfo("blob_" + "0f" * 32, 181_742, "1f0a2b3c" * 8, proof),
            webhook=WebhookStatus(
                WebhookState.PENDING, 1, 503, "It answered 503.", _SENT + 7.5
            ),
        )
    )  # fmt: skip


def failed() -> dict[str, Any]:
    """A job that has ended without a video."""
    why = Failure("no-face", "No face was found. Send a sharp picture of one face, from the front.")
    return _shown(
        Job(
            JOB_ID, JobState.FAILED, None, 0.03, _REQUEST, _SENT, _SENT + 0.25, _SENT + 0.75,
            timings={"plan": 0.5}, failure=why,
        )
    )  # fmt: skip


def page() -> dict[str, Any]:
    """A page of jobs, each in brief."""
    done = succeeded()
    done["chunks"]["list"] = None
    return {"jobs": [done], "next_cursor": f"{_SENT:.6f}"}


def _shown(job: Job) -> dict[str, Any]:
    return job_view(job).model_dump(mode="json", by_alias=True)
