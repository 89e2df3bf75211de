"""Examples for /openapi.json and /docs; a test sends each of them."""

from typing import Any

from api.views import job_view
from tasks.contract import ChunkState, ChunkStatus, Job, JobRequest, JobState, Stage

JOB_ID = "job_" + "1f0a2b3c" * 4

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
        "value": {"text": "Nobody polls.", "webhook": "https://example.com/lipchord?order=17"},
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
        "value": {"text": "Hello! This face speaks.", "language": "en", "num_workers": "2"},
    }
}
CHECKED = {
    "n_frames": 55, "speech_seconds": 2.2, "exact": True, "chunks": 2, "workers": 2,
    "render_seconds": 0.42, "wait_seconds": 0.0, "total_seconds": 1.42, "warnings": [],
    "face": None, "audio": None,
}  # fmt: skip
VOICES = {"voices": [{"language": "ru", "name": "Russian", "variants": ["f2", "m3"]}]}
WORKERS = {
    "workers": [
        {
            "name": "render0@host", "kind": "render", "generator": "viseme",
            "generator_ready": True, "device": "cores 0", "pid": 4711, "setups": 1,
            "chunks_done": 12, "frames_done": 3000, "job": None,
            "fingerprint": "viseme-9-0b5fd7c1f5a4~cpu-AVX512x1-torch2.13.0;h264-2;crf=20;…",
        }
    ]
}  # fmt: skip

_REQUEST = JobRequest(text="Hello! This face speaks.", num_workers=2)
_SENT = 1_767_225_600.0  # 2026-01-01T00:00:00Z

CAPTIONS = "WEBVTT\n\n00:00:00.000 --> 00:00:02.200\nHello! This face speaks.\n"
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
        ChunkStatus(0, 0, 30, ChunkState.DONE, 30, "render0@host", 1.25, 1),
        ChunkStatus(1, 30, 25, ChunkState.RENDERING, 10, "render1@host", None, 1),
    )
    return _shown(
        Job(
            JOB_ID, JobState.RUNNING, Stage.RENDERING, 0.7, _REQUEST, _SENT, _SENT + 0.25,
            fps="25", n_frames=55, speech_seconds=2.2, chunks=chunks, eta_seconds=0.8,
            timings={"plan": 0.5}, playable_seconds=1.2,
        )
    )  # fmt: skip


def _shown(job: Job) -> dict[str, Any]:
    return job_view(job).model_dump(mode="json", by_alias=True)
