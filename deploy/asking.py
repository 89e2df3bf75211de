"""What the user asks for on the command line, the same for `render`, `submit` and `check`."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import click

FILE = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@dataclass(frozen=True, slots=True)
class Asked:
    """A wish, checked as far as the command line can: exactly one of `text` and `audio`."""

    text: str | None
    audio: Path | None
    face: Path | str | None  # a str: the id of a face that the API keeps
    language: str
    voice: str | None
    rate: int
    pitch: int
    generator: str
    fps: str
    seed: int
    blink: bool
    sway: bool
    paste: str
    av_offset_frames: int
    rest_in_silence: bool
    box: str | None

    def how(self) -> dict[str, Any]:
        """How it is said and shown: what `lipchord_client` takes as options."""
        sources = ("text", "audio", "face")
        named = {n: getattr(self, n) for n in self.__dataclass_fields__ if n not in sources}
        return {name: value for name, value in named.items() if value is not None}


def _file_or_id(ctx: click.Context, param: click.Parameter, value: str | None) -> Path | str | None:
    """A face: a file, or the id of one that the API keeps. Raises click.BadParameter."""
    from lipchord_client.client import KEPT

    if value is None or KEPT.fullmatch(value):
        return value
    return Path(FILE.convert(value, param, ctx))


OPTIONS = (
    click.option("--text", help="What is said; - reads the standard input."),
    click.option(
        "--text-file",
        type=click.File(encoding="utf-8"),
        help="A UTF-8 file with what is said; - reads the standard input.",
    ),
    click.option("--audio", type=FILE, help="Speech instead of a text: a sound file or a video."),
    click.option(
        "--face",
        callback=_file_or_id,
        help="Picture or video of a face, or the id of a kept one; without: the avatar.",
    ),
    click.option("--language", default="en", show_default=True, help="Of the text: ru, kk, en, …"),
    click.option("--voice", help="A variant of the language's voice, such as f2."),
    click.option(
        "--rate", type=click.IntRange(80, 450), default=165, show_default=True, help="Words/minute."
    ),
    click.option(
        "--pitch", type=click.IntRange(0, 99), default=50, show_default=True, help="Of the voice."
    ),
    click.option("--generator", default="viseme", show_default=True, help="What moves the lips."),
    click.option("--fps", default="25", show_default=True, help="Frames a second: 25, 30000/1001."),
    click.option(
        "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of the blinks."
    ),
    click.option("--blink/--no-blink", default=True, help="Whether the face blinks."),
    click.option("--sway/--no-sway", default=True, help="Whether the head sways a little."),
    click.option(
        "--paste",
        type=click.Choice(["feathered", "reference"]),
        default="feathered",
        show_default=True,
        help="wav2lip: how its face is put into the picture.",
    ),
    click.option(
        "--av-offset-frames",
        type=click.IntRange(-5, 5),
        default=0,
        show_default=True,
        help="wav2lip: by how many frames the mouth comes later.",
    ),
    click.option(
        "--rest-in-silence/--no-rest-in-silence",
        default=True,
        help="wav2lip: whether the mouth rests where nobody speaks.",
    ),
    click.option("--box", help="wav2lip: the face as top,bottom,left,right in pixels."),
)


def asking(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options of a wish; it gets `asked: Asked` and its own options."""

    def wrapped(**options: Any) -> None:
        names = [name for name in Asked.__dataclass_fields__ if name != "text"]
        own = {name: value for name, value in options.items() if name not in _OF_A_WISH}
        command(
            asked=Asked(text=_one_source(options), **{name: options[name] for name in names}), **own
        )

    wrapped.__name__, wrapped.__doc__ = command.__name__, command.__doc__
    wrapped.__click_params__ = getattr(command, "__click_params__", [])  # type: ignore[attr-defined]
    for option in reversed(OPTIONS):
        option(wrapped)
    return wrapped


def out_option(required: bool, what: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Where the video goes."""
    kind = click.Path(dir_okay=False, path_type=Path)
    return click.option("-o", "--out", required=required, type=kind, help=what)


_OF_A_WISH = {*Asked.__dataclass_fields__, "text_file"}


def _one_source(options: dict[str, Any]) -> str | None:
    """The text; None where a sound is given instead."""
    given = [name for name in ("text", "text_file", "audio") if options[name] is not None]
    if len(given) != 1:
        found = " and ".join("--" + name.replace("_", "-") for name in given) or "none of them"
        raise click.UsageError(
            f"Give exactly one of --text, --text-file and --audio; here: {found}."
        )
    if options["text_file"] is not None:
        return _read(options["text_file"], "--text-file")
    if options["text"] == "-":
        return _read(click.open_file("-", encoding="utf-8"), "--text")
    text: str | None = options["text"]
    return text


def _read(file: IO[str], option: str) -> str:
    try:
        return file.read()
    except UnicodeDecodeError as error:
        raise click.BadParameter(
            f"{file.name} is not UTF-8 text: save it as UTF-8.", param_hint=option
        ) from error
