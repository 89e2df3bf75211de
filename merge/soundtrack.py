"""The video's whole sound by itself, an M4A: encoded once, streamed early, and muxed at the end."""

from fractions import Fraction
from pathlib import Path

import av

from merge import sound
from merge.writing import writing


def write(track: Path, out: Path, n_frames: int, fps: Fraction) -> None:
    """Make the AAC of a video's sound; `merge.mux` copies it as it is.

    Args:
        track: the whole sound, any file FFmpeg reads that is not hostile (WAV, FLAC, M4A).
        out: the M4A to write; the same track gives the same bytes.
        n_frames, fps: of the video, whose length the sound gets.

    Raises:
        TrackError: the sound cannot be read, or is not as long as the video.
        WriteError: no room, or no right to write.
    """
    slot = sound.Slot(duration=n_frames / fps, frame=1 / fps)
    copy = sound.can_be_copied(track, slot)
    with writing(out), sound.opened(track) as heard:
        stream = sound.open_track(heard)
        rate = stream.sample_rate if copy else sound.SAMPLE_RATE
        # The edit list, which hides the encoder's priming, counts in the movie's time scale.
        options = {"fflags": "+bitexact", "movie_timescale": str(rate)}
        with av.open(str(out), "w", format="mp4", container_options=options) as made:
            add = sound.copied if copy else sound.encoded
            audio, packets = add(made, heard, stream, slot)
            made.start_encoding()
            for packet in packets:
                packet.stream = audio
                made.mux_one(packet)
