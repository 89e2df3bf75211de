"""What a job says of its look reaches the generator, and is refused early where it cannot be."""

import pytest

from lipsync_engine.errors import FaceError
from lipsync_engine.look import Look, parse_box
from tasks.contract import JobRequest
from tasks.look import look_of
from tasks.plan import Capacity, make_plan
from tasks.settings import Settings
from tasks.storage import MemoryStorage


def test_every_word_of_the_look_reaches_the_generator():
    request = JobRequest(
        text="a", seed=4, blink=False, sway=False, paste="reference", av_offset_frames=-2,
        rest_in_silence=False, box="1,20,3,40",
    )  # fmt: skip

    assert look_of(request) == Look(4, False, False, "reference", -2, False, (1, 20, 3, 40))
    assert look_of(JobRequest(text="a")) == Look()


@pytest.mark.parametrize(
    "text", ["", "1,2,3", "1,2,3,4,5", "5,5,0,9", "0,9,7,3", "a,b,c,d", "-1,5,0,5"]
)
def test_a_box_that_holds_nothing_is_refused_with_an_example(text):
    with pytest.raises(ValueError, match="120,420,200,440"):
        parse_box(text)


def test_a_box_outside_the_picture_ends_in_planning():
    request = JobRequest(text="Hello", box="0,5000,0,100")

    with pytest.raises(FaceError, match="768 x 768"):
        make_plan(request, MemoryStorage(), Settings(), Capacity(), lambda _done: None)
