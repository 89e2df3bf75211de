"""HTTP Live Streaming (RFC 8216): where chunks and sound are cut into segments, and the playlists.

Video segments are cut from chunks at their keyframes, sound segments at bounds of AAC packets,
both by stream copy, so that none lasts longer than TARGET_S. That is shorter than a chunk on
purpose: a player asks for a growing playlist again only once a target duration.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise

from merge.track import Track

TARGET_S = 2  # seconds: `lipsync_engine.video.KEYFRAME_SECONDS`, so every run of frames fits
VERSION = 7
TYPE = "application/vnd.apple.mpegurl"
PRECISION = 6  # digits of a duration: errors do not add up, see `_durations`


@dataclass(frozen=True, slots=True)
class Segment:
    """Samples [first, stop) of one file, and the time that they take in the presentation.

    Attributes:
        begins, ends: seconds, exact; neighbours meet.
    """

    first: int
    stop: int
    begins: Fraction
    ends: Fraction


@dataclass(frozen=True, slots=True)
class Variant:
    """What the master playlist says of the one video and its sound.

    Attributes:
        codecs: as RFC 6381 writes them, "avc1.64001f,mp4a.40.2".
        peak, average: bits a second, both tracks together.
    """

    codecs: str
    width: int
    height: int
    fps: Fraction
    peak: int
    average: int


@dataclass(frozen=True, slots=True)
class Captions:
    """A rendition in WebVTT: where its playlist is, and its language (BCP 47)."""

    address: str
    language: str


def cut(track: Track, begins: Fraction = Fraction(0)) -> tuple[Segment, ...]:
    """Segments that tile a track, each from a keyframe, as long as TARGET_S allows.

    Args:
        begins: when the file's first sample is decoded in the presentation, seconds.
    """
    bounds = [*track.keys, track.n_samples]
    most = TARGET_S * track.timescale
    edges = [0]
    for bound, after in zip(bounds[1:], [*bounds[2:], None], strict=True):
        if after is None or track.ticks[after] - track.ticks[edges[-1]] > most:
            edges.append(bound)
    return tuple(
        Segment(first, stop, begins + _shown(track, first), begins + _shown(track, stop))
        for first, stop in pairwise(edges)
    )


def media_playlist(named: Iterable[tuple[str, Segment]], init: str | None, ended: bool) -> str:
    """A playlist that grows (EVENT), from its beginning.

    Args:
        named: address and segment, in order.
        init: address of the header that all share; None: they have none.
        ended: whether nothing comes any more.
    """
    listed = list(named)
    lines = [
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        f"#EXT-X-TARGETDURATION:{TARGET_S}",
        "#EXT-X-MEDIA-SEQUENCE:0",
        "#EXT-X-PLAYLIST-TYPE:EVENT",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        "#EXT-X-START:TIME-OFFSET=0,PRECISE=YES",  # not at the end, as of a live broadcast
        *([f'#EXT-X-MAP:URI="{init}"'] if init else []),
    ]
    lasting = _durations([segment for _, segment in listed])
    for (address, _), seconds in zip(listed, lasting, strict=True):
        lines += [f"#EXTINF:{seconds},", address]
    return "\n".join([*lines, *(["#EXT-X-ENDLIST"] if ended else []), ""])


def master_playlist(
    variant: Variant, video: str, audio: str, captions: Captions | None = None
) -> str:
    """The playlist to open: one video, its sound and its captions as renditions of their own."""
    said = [] if captions is None else [
        '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="Captions",'
        f'LANGUAGE="{captions.language}",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,'
        f'URI="{captions.address}"'
    ]  # fmt: skip
    return "\n".join([
        "#EXTM3U",
        f"#EXT-X-VERSION:{VERSION}",
        "#EXT-X-INDEPENDENT-SEGMENTS",
        '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",NAME="Speech",DEFAULT=YES,AUTOSELECT=YES,'
        f'URI="{audio}"',
        *said,
        f"#EXT-X-STREAM-INF:BANDWIDTH={variant.peak},AVERAGE-BANDWIDTH={variant.average},"
        f'CODECS="{variant.codecs}",RESOLUTION={variant.width}x{variant.height},'
        f'FRAME-RATE={float(variant.fps):.3f},AUDIO="sound"'
        + (',SUBTITLES="captions"' if said else ""),
        video,
        "",
    ])  # fmt: skip


def rates(track: Track, segments: Sequence[Segment]) -> tuple[int, int]:
    """(highest of a segment, mean) bits a second of a track."""

    def bits(first: int, stop: int) -> int:
        return 8 * (track.places[stop] - track.places[first])

    lasting = Fraction(track.ticks[-1], track.timescale)
    peak = max(bits(s.first, s.stop) / (s.ends - s.begins) for s in segments if s.ends > s.begins)
    return int(peak) + 1, int(bits(0, track.n_samples) / lasting) + 1


def _shown(track: Track, sample: int) -> Fraction:
    return Fraction(max(0, track.ticks[sample] - track.delay), track.timescale)


def _durations(segments: Sequence[Segment]) -> Iterator[str]:
    """Each segment's length such that any run of them adds up to its length, rounded once."""
    for segment in segments:
        lasting = round(segment.ends, PRECISION) - round(segment.begins, PRECISION)
        yield f"{float(lasting):.{PRECISION}f}"
