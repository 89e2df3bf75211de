"""docs/client.md: every public name is on the page, and its examples run in their order."""

import inspect
import re
from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path
from threading import Event as Flag
from threading import Thread
from types import FunctionType

import pytest

import lipchord_client
from tests.looking_house import LookingHouse, photo
from tests.media import tone
from tests.served import Served, serving

PAGE = (Path(__file__).resolve().parent.parent / "docs/client.md").read_text()
EXAMPLES = re.findall(r"```python\n(.+?)```", PAGE, re.DOTALL)
NAMED = set(re.findall(r"`([a-z_]\w*)(?=[`(\[])", PAGE)) | set(re.findall(r"`([A-Z]\w+)`", PAGE))
VIDEO = bytes(range(256)) * 400


@pytest.fixture
def served(
    queue_store: str, blob_store: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Iterator[Served]:
    """A house whose jobs are done by a hand as they come; the files of the examples lie here."""
    monkeypatch.chdir(tmp_path)
    Path("me.jpg").write_bytes(photo())
    tone(Path("speech.wav"), 3.2)
    house, over = LookingHouse(queue_store, blob_store), Flag()

    def work() -> None:
        done = 0
        while not over.wait(0.05):
            for job_id in house.outbox.planned[done:]:
                house.succeeded(job_id, VIDEO)
                done += 1

    hand = Thread(target=work)
    hand.start()
    with serving(house) as served:
        monkeypatch.setenv("LIPCHORD_URL", served.url)
        yield served
    over.set()
    hand.join()


def test_every_example_runs_in_the_order_of_the_page(
    served: Served, capsys: pytest.CaptureFixture[str]
) -> None:
    names: dict[str, object] = {}

    for example in EXAMPLES:
        exec(example.replace("http://localhost:3000", served.url), names)

    said = capsys.readouterr().out
    assert Path("hello.mp4").read_bytes() == Path("again.mp4").read_bytes() == VIDEO
    assert Path("landmarks.jpg").read_bytes()[:2] == b"\xff\xd8"
    assert "50 frames" in said
    assert re.search(r"^text .+ no letter or digit", said, re.MULTILINE)
    assert re.search(r"^language .*xx", said, re.MULTILINE)
    assert "succeeded 100% 2 chunks" in said
    assert "404 /problems/unknown-job" in said
    assert "something else" not in said


def public(kind: type) -> set[str]:
    """What a user may use of a class: methods, properties, and attributes that it sets."""
    own = {
        name
        for name, member in vars(kind).items()
        if isinstance(member, FunctionType | property) and not name.startswith("_")
    }
    if is_dataclass(kind):
        return own | {item.name for item in fields(kind)}
    init = vars(kind).get("__init__")
    source = inspect.getsource(init) if isinstance(init, FunctionType) else ""
    return own | set(re.findall(r"self\.([a-z]\w*)", source))


def test_every_public_name_is_on_the_page() -> None:
    for name in lipchord_client.__all__:
        kind = getattr(lipchord_client, name)
        assert name in NAMED | {"Client"}, name
        assert public(kind) <= NAMED, (name, public(kind) - NAMED)


def test_the_page_names_nothing_that_is_not_there() -> None:
    rows = re.findall(r"^\| `(\w+)", PAGE, re.MULTILINE)
    known = set(lipchord_client.__all__)
    for name in lipchord_client.__all__:
        known |= public(getattr(lipchord_client, name))

    assert set(rows) <= known


def test_every_option_of_a_job_is_on_the_page() -> None:
    from lipchord_client.views import JobOptions

    assert set(JobOptions.__annotations__) <= NAMED
