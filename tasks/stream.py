"""A job's stream: the chunks that are done in order, and the sound, as HLS (docs/streaming.md).

Nothing is made or kept for it: each file is cut at the request from the blobs that rendering and
merging need anyway, by their indices, so that the API process decodes and encodes nothing. A
chunk's bytes never change, so neither do its segments.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from itertools import takewhile

from lipsync_engine import webvtt
from lipsync_engine.captions import Cue
from merge import fragments, hls
from merge.hls import Segment
from merge.track import Track, read_track
from tasks.blueprint import Plan
from tasks.contract import ChunkState, JobState
from tasks.errors import GoneError, MissingBlobError, NotReadyError, StoreError, UnknownPartError
from tasks.live import StreamPart
from tasks.reading import Reading
from tasks.storage import Storage

TRACKS = 128  # indices that are kept: at most some 50 KB each
MASTER = "stream.m3u8"
SEGMENT = re.compile(r"(video|audio|captions)-(0|[1-9][0-9]{0,8})\.(m4s|vtt)")
AGAIN = "A chunk was lost, and is rendered again. Ask again soon."
FRAGMENTS = {"video": "video/mp4", "audio": "audio/mp4"}


@dataclass(frozen=True, slots=True)
class _Film:
    """What of a job can be played.

    Attributes:
        chunks: (first frame, blob key) of those that are done, in order from the first.
        seconds: how long they last together.
        sound: blob key.
        captions: blob key, where there are any.
        language: of what is said.
        ended: whether nothing comes any more.
    """

    fps: Fraction
    chunks: tuple[tuple[int, str], ...]
    seconds: Fraction
    sound: str
    captions: str | None
    language: str
    ended: bool


class Stream:
    """Cuts streams. Safe for many threads."""

    def __init__(
        self, records: Reading, storage: Storage, cues: Callable[[str], tuple[Cue, ...]]
    ) -> None:
        self._records, self._storage, self._cues = records, storage, cues
        self._track = lru_cache(TRACKS)(self._read_track)

    def part(self, job_id: str, name: str) -> StreamPart:
        """One file of a job's stream: MASTER, or what the playlists name.

        Raises:
            UnknownJobError, UnknownPartError.
            NotReadyError: nothing can be played yet.
            GoneError: nothing can be played any more, or nothing ever could.
            StoreError: a store does not answer, or a chunk is rendered once more just now.
        """
        found = SEGMENT.fullmatch(name)
        make: Callable[[_Film], StreamPart] | None = {
            MASTER: self._master,
            "video.m3u8": lambda film: _playlist("video", self._video(film), film.ended),
            "audio.m3u8": lambda film: _playlist("audio", self._audio(film), film.ended),
            "captions.m3u8": lambda film: _playlist("captions", self._said(film), film.ended),
            "video-init.mp4": lambda film: _header("video", self._track(film.chunks[0][1])),
            "audio-init.mp4": lambda film: _header("audio", self._track(film.sound)),
        }.get(name)
        if found and (found[1] == "captions") == (found[3] == "vtt"):
            kinds = {"video": self._pictures, "audio": self._speech, "captions": self._words}
            make = kinds[found[1]](int(found[2]))
        if make is None:
            raise UnknownPartError(name)
        film = self._film(job_id)
        try:
            return make(film)
        except MissingBlobError as error:
            if film.ended:
                raise GoneError(
                    "The chunks of this job are no longer kept, so it cannot be streamed. Fetch "
                    "its whole video instead."
                ) from error
            raise StoreError(AGAIN) from error

    # -- playlists ---------------------------------------------------------------------

    def _master(self, film: _Film) -> StreamPart:
        first, sound = self._track(film.chunks[0][1]), self._track(film.sound)
        (peak, mean), (peak_2, mean_2) = (
            hls.rates(track, hls.cut(track)) for track in (first, sound)
        )
        variant = hls.Variant(
            f"{fragments.codec(first)},{fragments.codec(sound)}", *fragments.size(first), film.fps,
            peak + peak_2, mean + mean_2,
        )  # fmt: skip
        said = hls.Captions("stream/captions.m3u8", film.language) if film.captions else None
        text = hls.master_playlist(variant, "stream/video.m3u8", "stream/audio.m3u8", said)
        return StreamPart(text.encode(), hls.TYPE, final=False)

    def _video(self, film: _Film) -> list[tuple[int, Segment]]:
        """(absolute first frame, segment) of the chunks; they end where two do not fit together."""
        found: list[tuple[int, Segment]] = []
        like = self._track(film.chunks[0][1]).description
        for first_frame, key in film.chunks:
            track = self._track(key)
            if track.description != like:
                break  # the merge will refuse it
            cuts = hls.cut(track, first_frame / film.fps)
            found += [(first_frame + segment.first, segment) for segment in cuts]
        return found

    def _audio(self, film: _Film) -> list[tuple[int, Segment]]:
        """The sound under the pictures that are there."""
        cuts = hls.cut(self._track(film.sound))
        return [(cut.first, cut) for cut in cuts if cut.begins < film.seconds]

    def _said(self, film: _Film) -> list[tuple[int, Segment]]:
        """The captions, cut where the pictures are."""
        if film.captions is None:
            raise UnknownPartError("captions.m3u8")
        return self._video(film)

    # -- segments ----------------------------------------------------------------------

    def _pictures(self, first: int) -> Callable[[_Film], StreamPart]:
        def part(film: _Film) -> StreamPart:
            for first_frame, key in reversed(film.chunks):
                if first_frame <= first:
                    return self._segment("video", key, first_frame, first - first_frame)
            raise UnknownPartError(f"video-{first}.m4s")

        return part

    def _speech(self, first: int) -> Callable[[_Film], StreamPart]:
        return lambda film: self._segment("audio", film.sound, 0, first)

    def _words(self, first: int) -> Callable[[_Film], StreamPart]:
        def part(film: _Film) -> StreamPart:
            """The captions of that segment; UnknownPartError if the film has none such."""
            for number, segment in self._said(film):
                if number == first:
                    begins, ends = (int(1000 * at) for at in (segment.begins, segment.ends))
                    text = webvtt.segment(self._cues(film.captions or ""), begins, ends)
                    return StreamPart(text.encode(), webvtt.TYPE, final=False)
            raise UnknownPartError(f"captions-{first}.vtt")

        return part

    def _segment(self, kind: str, key: str, before: int, first: int) -> StreamPart:
        """The segment of blob `key` that begins at its sample `first`; `before` it come others."""
        track = self._track(key)
        cut = next((cut for cut in hls.cut(track) if cut.first == first), None)
        if cut is None:
            raise UnknownPartError(f"{kind}-{before + first}.m4s")
        begins = before * track.ticks[1] + track.ticks[first]  # frames of a chunk are equally long
        index = fragments.fragment(track, first, cut.stop, before + first + 1, begins)
        start, stop = track.places[first], track.places[cut.stop]
        with self._storage.open(key) as file:
            file.seek(start)
            samples = file.read(stop - start)
        return StreamPart(index + samples, FRAGMENTS[kind], final=True)

    # -- what there is -----------------------------------------------------------------

    def _film(self, job_id: str) -> _Film:
        record, chunks = self._records.streamed(job_id)
        state = JobState(record["state"])
        if state is JobState.CANCELED or "deleted_at" in record:
            raise GoneError(
                "The job was canceled or deleted, and its chunks with it. Send it again."
            )
        done = list(takewhile(lambda chunk: chunk["state"] == ChunkState.DONE, chunks))
        if "plan" not in record or "sound" not in record or not done:
            if state.terminal:
                raise GoneError(f"The job has {state} before anything could be played.")
            raise NotReadyError("Nothing can be played yet: ask again in a moment.")
        next_one = chunks[len(done) :][:1]
        if not state.terminal and next_one and next_one[0].get("reason") == "damaged-chunk":
            raise StoreError(AGAIN)  # a playlist never becomes shorter
        plan = Plan.from_json(record["plan"])
        return _Film(
            plan.fps,
            tuple((chunk["first_frame"], chunk["key"]) for chunk in done),
            (done[-1]["first_frame"] + done[-1]["n_frames"]) / plan.fps,
            record["sound"],
            plan.captions,
            plan.request.language.strip().replace("_", "-"),
            state.terminal,
        )

    def _read_track(self, key: str) -> Track:
        with self._storage.open(key) as file:
            return read_track(file)


def _playlist(kind: str, segments: list[tuple[int, Segment]], ended: bool) -> StreamPart:
    written = kind == "captions"
    named = ((f"{kind}-{first}.{'vtt' if written else 'm4s'}", each) for first, each in segments)
    text = hls.media_playlist(named, None if written else f"{kind}-init.mp4", ended)
    return StreamPart(text.encode(), hls.TYPE, final=False)


def _header(kind: str, track: Track) -> StreamPart:
    return StreamPart(fragments.header(track), FRAGMENTS[kind], final=True)
