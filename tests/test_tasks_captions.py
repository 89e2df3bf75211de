"""Captions with the very sound of the video: each sentence is shown when it is heard."""

import json
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from lipsync_engine.captions import Cue
from tasks.blueprint import Plan
from tasks.captions import cues_in
from tasks.contract import JobRequest
from tasks.plan import Capacity, make_plan
from tasks.settings import Settings
from tasks.storage import MemoryStorage, read
from tasks.stream_sound import fetch_sound

STEP_S = 0.005  # in which loudness is looked at
QUIET = 0.004  # of full scale: espeak's pauses are digital silence, AAC leaves some noise in them
NEAR_S = 0.06  # a voice swells, and its first sound may be quiet
NEAR_WORD_S = 0.1  # at a slow pace p, t and k begin with a silence of up to 80 ms
TEXTS = {
    "en": "The first sentence is here. Another one follows it! Is this the last, or the next?\n\n"
    "Now comes another paragraph. It ends the text.",
    "ru": "Мама мыла раму весь день. Папа купил большую рыбу! А что делает бабушка?\n\n"
    "Она читает толстую книгу. На этом всё.",
    "zh": "今天的天气非常好。我们一起去公园看书！你想不想和我们一起去？\n\n"
    "明天可能会下大雨。请带上你的雨伞。",
    "ja": "これはとてもながいぶんです。つぎのぶんはここにあります。さいごのぶんはどこですか？",
    "ar": "مرحبا بكم في مدينتنا الجميلة. هذا هو اليوم الأول من الأسبوع. كيف حالك اليوم يا صديقي؟",
}


def planned(storage: MemoryStorage, text: str, fps: str = "25", **wanted: object) -> Plan:
    request = JobRequest(text=text, fps=fps, **wanted)  # type: ignore[arg-type]
    return make_plan(request, storage, Settings(), Capacity(), lambda _: None)


def cues_of(storage: MemoryStorage, plan: Plan) -> tuple[Cue, ...]:
    assert plan.captions is not None
    return cues_in(read(storage, plan.captions))


def heard(storage: MemoryStorage, plan: Plan, folder: Path) -> NDArray[np.float64]:
    """Loudness of the video's own sound, decoded, in steps of STEP_S; 0..1."""
    path = fetch_sound(plan, storage, Settings(), folder / "sound.m4a")
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray()[0] for frame in container.decode(audio=0)]
    samples = np.concatenate(frames).astype(np.float64)
    step = int(48_000 * STEP_S)
    whole = samples[: len(samples) // step * step].reshape(-1, step)
    loudness: NDArray[np.float64] = np.sqrt((whole**2).mean(axis=1))
    return loudness


def onsets(loudness: NDArray[np.float64], pause_s: float) -> Iterator[float]:
    """Seconds at which a sound begins that nothing was heard before for `pause_s`."""
    silent_since = -pause_s
    for index, loud in enumerate(loudness > QUIET):
        if loud:
            if index * STEP_S - silent_since >= pause_s:
                yield index * STEP_S
            silent_since = (index + 1) * STEP_S


@pytest.mark.parametrize(
    ("language", "rate", "pitch", "pause_s"),
    [("en", 165, 50, 0.25), ("en", 250, 80, 0.1), ("ru", 165, 50, 0.25), ("zh", 165, 50, 0.25),
     ("ja", 120, 20, 0.25), ("ar", 165, 50, 0.25)],
)  # fmt: skip
def test_each_sentence_is_shown_when_it_is_heard(
    tmp_path: Path, language: str, rate: int, pitch: int, pause_s: float
) -> None:
    storage = MemoryStorage()
    plan = planned(storage, TEXTS[language], language=language, rate=rate, pitch=pitch)

    cues = cues_of(storage, plan)

    begins = [cue.begins / 1000 for cue in cues]
    found = list(onsets(heard(storage, plan, tmp_path), pause_s))
    assert begins == pytest.approx(found, abs=NEAR_S)


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("en", "Apples, bananas, cherries, potatoes, tomatoes, and carrots."),
        ("ru", "Карандаш, бумага, тетрадь, портфель, глобус, парта."),
        ("ar", "كتاب، قلم، دفتر، كرسي، باب، بيت."),
        ("zh", "苹果，香蕉，西瓜，葡萄，草莓，菠萝。"),
    ],
)
def test_each_word_has_its_time_when_it_is_heard(tmp_path: Path, language: str, text: str) -> None:
    storage = MemoryStorage()
    plan = planned(storage, text, language=language, rate=100)  # slow: a pause after each comma

    marks = [
        at / 1000
        for cue in cues_of(storage, plan)
        for at in (cue.begins, *(at for line in cue.marks for _, at in line))
    ]
    after_pauses = list(onsets(heard(storage, plan, tmp_path), 0.1))[1:]
    assert len(after_pauses) == 5
    assert all(min(abs(at - mark) for mark in marks) < NEAR_WORD_S for at in after_pauses)


@pytest.mark.parametrize("fps", ["25", "30000/1001", "1"])
def test_nothing_is_shown_after_the_video(fps: str) -> None:
    storage = MemoryStorage()
    plan = planned(storage, "One. Two. Three. Four. Five. Six. Seven.", fps=fps)

    last = cues_of(storage, plan)[-1]

    assert Fraction(last.ends, 1000) <= plan.n_frames / plan.fps
    assert Fraction(last.ends, 1000) > plan.n_frames / plan.fps - Fraction(1, 2)


def test_the_same_text_has_the_same_captions_and_another_voice_has_others() -> None:
    storage = MemoryStorage()

    first, again, other = (
        planned(storage, TEXTS["ru"], language="ru", rate=rate).captions for rate in (165, 165, 200)
    )

    assert first == again != other


def test_a_sound_that_was_sent_has_no_captions(tmp_path: Path) -> None:
    storage = MemoryStorage()
    spoken = read(storage, planned(storage, "Hello there.").track)
    request = JobRequest(speech=storage.put(spoken, 600).key)

    plan = make_plan(request, storage, Settings(), Capacity(), lambda _: None)

    assert plan.captions is None


def test_a_plan_of_an_earlier_release_is_still_read() -> None:
    storage = MemoryStorage()
    facts = json.loads(planned(storage, "Hello there.").to_json())
    del facts["captions"]

    assert Plan.from_json(json.dumps(facts)).captions is None
