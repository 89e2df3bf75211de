"""Programs and libraries: what renders, encodes, reads and speaks."""

import os
import platform
import subprocess
from collections.abc import Iterator, Mapping

from deploy import stores
from deploy.doctor.asides import said_by
from deploy.doctor.finding import Finding, guarded

OLDEST = (3, 11)
ENCODERS = ("libx264", "aac")  # of every video: pictures, sound
DECODERS = {  # of the formats that people mostly send
    "h264", "hevc", "vp8", "vp9", "mjpeg", "png", "webp", "pcm_s16le", "mp3", "aac", "flac",
    "vorbis", "opus",
}  # fmt: skip
CHECKPOINTS = ("LIPCHORD_WAV2LIP_CHECKPOINT", "LIPCHORD_WAV2LIP_GAN_CHECKPOINT")
LOAD = (
    "import sys, pathlib; from lipsync_engine.wav2lip.checkpoint import digest, load; "
    "print(digest(load(pathlib.Path(sys.argv[1]))))"
)
VENV = "Delete .venv and run `make venv`."


def findings(environ: Mapping[str, str] = os.environ) -> Iterator[Finding]:
    """One after the other."""
    yield Finding("Python", True, platform.python_version())
    yield guarded("OpenCV", _opencv, "Delete .venv and run `make venv`: it takes a build that "
                  "needs no libGL.")  # fmt: skip
    yield guarded("codecs", lambda: encoders(ENCODERS), VENV)
    yield guarded("ffmpeg", ffmpeg, "Install ffmpeg, or the wheel imageio-ffmpeg with a binary "
                  "for this machine.")  # fmt: skip
    yield guarded("speech", _speech, "Install espeak-ng, or the wheel espeakng-loader.")
    yield guarded("generators", _generators, VENV)
    yield from checkpoints(environ)
    yield guarded("store server", _server)


def encoders(names: tuple[str, ...]) -> str:
    """That PyAV has encoders. Raises ValueError: which it lacks."""
    import av

    missing = [name for name in names if name not in av.codecs_available]
    for name in names:
        if name not in missing:
            av.codec.Codec(name, "w")  # raises ValueError: it only decodes
    if missing:
        raise ValueError(f"PyAV {av.__version__} was built without {', '.join(missing)}")
    return f"{', '.join(names)} by PyAV {av.__version__}"


def ffmpeg() -> str:
    """The ffmpeg that reads uploads: version, where, and that it decodes what we accept.

    Raises:
        RuntimeError, OSError: it cannot be used.
    """
    from lipsync_engine.media_child import program

    path = program()
    known = {line.split()[1] for line in _told(path, "-decoders") if len(line.split()) > 1}
    if lacking := sorted(DECODERS - known):
        raise RuntimeError(f"{path} cannot read {', '.join(lacking)}")
    return f"{' '.join(_told(path, '-version')[0].split()[:3])} at {path}"


def checkpoints(environ: Mapping[str, str]) -> Iterator[Finding]:
    """Those of Wav2Lip that are configured, each loaded as a worker would."""
    for variable in CHECKPOINTS:
        if path := environ.get(variable):
            yield guarded(
                variable,
                lambda path=path: f"{path}: weights {said_by(LOAD, path)}",  # type: ignore[misc]
                f"Set {variable} to the published file (docs/wav2lip.md), or unset it.",
            )


def _told(program: str, option: str) -> list[str]:
    """What ffmpeg says of itself, line by line. Raises RuntimeError, OSError."""
    try:
        ran = subprocess.run([program, "-hide_banner", option], capture_output=True, text=True,
                             check=True, timeout=20)  # fmt: skip
    except subprocess.SubprocessError as error:
        raise RuntimeError(str(error)) from error
    return ran.stdout.splitlines() or [""]


def _opencv() -> str:
    import cv2

    return str(cv2.__version__)


def _speech() -> str:
    from lipsync_engine import languages

    return f"{len(languages.voices())} languages by espeak-ng"


def _generators() -> str:
    from lipsync_engine import registry

    return ", ".join(registry.names())


def _server() -> str:
    server = stores.find_server()
    return f"{stores.server_version(server)} at {server}"
