"""The music that training plays: files that MIDI players read, and none that is measured with."""

from pathlib import Path

import numpy as np
import pytest

from lipsync_engine.viseme.training import batches, music, sources


@pytest.mark.parametrize(
    ("ticks", "written"),
    [(0, b"\x00"), (127, b"\x7f"), (128, b"\x81\x00"), (0x200000, b"\x81\x80\x80\x00")],
)
def test_times_are_written_as_midi_has_them(ticks: int, written: bytes) -> None:
    assert music._length(ticks) == written  # the examples of the MIDI file specification


def test_every_note_that_begins_ends() -> None:
    for seed in range(20):
        played = sorted(music._part(0, 8.0, np.random.default_rng(seed)), key=lambda e: e[0])
        begun = sorted(m[1] for _, m in played if m[0] == 0x90)
        ended = sorted(m[1] for _, m in played if m[0] == 0x80)
        assert begun
        assert begun == ended


def test_no_piece_that_is_measured_with_is_learned_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "usr/share/games/fillets-ng/music"
    folder.mkdir(parents=True)
    paths = [folder / f"{k}.ogg" for k in range(6)]
    for path in paths:
        path.touch()
    monkeypatch.setattr(sources, "root", lambda: tmp_path)
    monkeypatch.setattr(music, "decoded", lambda path: np.array([int(Path(path).stem)], np.int16))

    kept = {int(piece[0]) for piece in music.kept_for_tests()}

    assert kept == {1, 3, 5}
    assert {int(path.stem) for path in music._learned()} == {0, 2, 4}


def test_a_recoloured_scene_keeps_its_length_and_stays_finite() -> None:
    bands = np.random.default_rng(0).normal(-90, 20, (120, 40)).astype(np.float32)
    for seed in range(40):
        changed = batches._recoloured(bands.copy(), np.random.default_rng(seed))
        assert changed.shape == bands.shape
        assert np.isfinite(changed).all()
