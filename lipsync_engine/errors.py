"""Why sound or pictures could not be made.

EngineError
├── InputError               the user's input cannot be used; the text says what to do
│   ├── TextError
│   │   ├── EmptyTextError          nothing was written
│   │   ├── NoSpeakableTextError    signs, but no letter or digit
│   │   ├── TextTooLongError
│   │   ├── UnknownLanguageError    names the nearest languages
│   │   └── UnknownVoiceError       names the nearest voices
│   ├── MediaError
│   │   ├── EmptyFileError
│   │   ├── UnreadableMediaError    not the format it claims, or cut off
│   │   ├── ForbiddenFormatError    playlists, scripts: formats that name other files
│   │   ├── NoAudioError            a file without sound
│   │   ├── AudioTooShortError
│   │   ├── AudioTooLongError
│   │   ├── SilentAudioError
│   │   ├── ImageTooSmallError
│   │   ├── ImageTooLargeError
│   │   └── MediaLimitError         the child process ran out of time or memory
│   └── FaceError
│       ├── NoFaceError
│       ├── FaceTooSmallError
│       └── LandmarksError          a point that a person placed cannot be there
├── GeneratorError
│   ├── UnknownGeneratorError       names those that are installed
│   └── WeightsError
├── EncodeError                     the H.264 encoder refused
└── CanceledError                   `cancelled()` said so between two batches
"""

from typing import ClassVar


class EngineError(Exception):
    """The root; `code` is stable and ends up in the `type` of an HTTP problem."""

    code: ClassVar[str] = "engine-error"


class InputError(EngineError):
    """The user's input cannot be used; `str(error)` tells the user what to do next."""

    code = "invalid-input"


class TextError(InputError):
    code = "invalid-text"


class EmptyTextError(TextError):
    code = "empty-text"


class NoSpeakableTextError(TextError):
    code = "no-speakable-text"


class TextTooLongError(TextError):
    code = "text-too-long"


class UnknownLanguageError(TextError):
    code = "unknown-language"


class UnknownVoiceError(TextError):
    code = "unknown-voice"


class MediaError(InputError):
    code = "invalid-media"


class EmptyFileError(MediaError):
    code = "empty-file"


class UnreadableMediaError(MediaError):
    code = "unreadable-media"


class ForbiddenFormatError(MediaError):
    code = "forbidden-format"


class NoAudioError(MediaError):
    code = "no-audio"


class AudioTooShortError(MediaError):
    code = "audio-too-short"


class AudioTooLongError(MediaError):
    code = "audio-too-long"


class SilentAudioError(MediaError):
    code = "silent-audio"


class ImageTooSmallError(MediaError):
    code = "image-too-small"


class ImageTooLargeError(MediaError):
    code = "image-too-large"


class MediaLimitError(MediaError):
    code = "media-limit"


class FaceError(InputError):
    code = "invalid-face"


class NoFaceError(FaceError):
    code = "no-face"


class FaceTooSmallError(FaceError):
    code = "face-too-small"


class LandmarksError(FaceError):
    """Points that a person placed cannot be a face.

    Attributes:
        index: of the point to blame, 0..67; None where there is none.
    """

    code = "bad-landmarks"

    def __init__(self, detail: str, index: int | None) -> None:
        super().__init__(detail)
        self.index = index


class GeneratorError(EngineError):
    code = "generator-error"


class UnknownGeneratorError(GeneratorError):
    code = "unknown-generator"


class WeightsError(GeneratorError):
    code = "bad-weights"


class EncodeError(EngineError):
    code = "encode-error"


class CanceledError(EngineError):
    code = "canceled"
