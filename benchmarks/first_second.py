"""How soon the first second can be played, and what that costs the whole: `make bench-first`.

A real house with two render workers, each pinned to a core, and a text of a minute. Two cuts take
turns: with a short first chunk, and without (LIPCHORD_EARLY_S=0). The clock starts at the POST.
The first second is playable when a player could begin: the playlist lists a second or more, and
the pictures' header and first segment and the sound's have come over HTTP. A player that began
then is played on: how long would it have to wait for chunks that are not there yet? Prints
tables, saves JSON, and puts the table into docs/performance.md.
"""

import json
import os
import platform
import re
import shutil
import time
import urllib.error
import urllib.request
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

import click
from rich.console import Console

from benchmarks import page
from benchmarks.run import SENTENCES
from deploy.stack import Stack, StackOptions
from lipchord_client import Client, Job

RESULTS = Path(__file__).parent / "results" / "first_second.json"
KINDS = {"short first chunk": "2", "plain cut": "0"}  # LIPCHORD_EARLY_S
AIMS = {"first second / whole": 0.25, "whole, short first chunk / plain cut": 1.03}
LOOK_S, LATER_S = 0.05, 0.25  # between two looks: until a second can be played, and then
WORKERS = 2


@dataclass(frozen=True)
class Round:
    """One job.

    Attributes:
        planned, rendered, first, whole: seconds since the POST: all is planned; the first chunk
            is rendered; a second can be played; the job has succeeded.
        waits: seconds that a player would stand still after it has begun.
        chunks: lengths in frames.
    """

    planned: float
    rendered: float
    first: float
    whole: float
    waits: float
    chunks: list[int]


class Player:
    """Looks at a job's stream until it ends: what was listed, and when."""

    def __init__(self, url: str, job_id: str, started: float) -> None:
        self._base, self._started = f"{url}/api/v1/jobs/{job_id}", started
        self.first: float | None = None
        self.listed: list[tuple[float, float]] = []  # (seconds since the POST, seconds of video)

    def look(self) -> bool:
        """Whether the stream has ended."""
        playlist = self._get("stream/video.m3u8")
        if playlist is None:
            return False
        text = playlist.decode()
        self.listed.append((self._now(), sum(map(float, re.findall(r"#EXTINF:([0-9.]+)", text)))))
        if self.first is None and self.listed[-1][1] >= 1 and self._begins(text):
            self.first = self._now()
        return "#EXT-X-ENDLIST" in text

    def waits(self) -> float:
        """Seconds that somebody who begins at `first` stands still, until all is there."""
        delay, had = 0.0, 0.0
        for at, seconds in self.listed:
            if self.first is not None and seconds > had > 0:
                delay = max(delay, at - (self.first + had))  # it is played from here on
            had = max(had, seconds)
        return delay

    def _begins(self, playlist: str) -> bool:
        sound = self._get("stream/audio.m3u8")
        if self._get("stream.m3u8") is None or sound is None:
            return False
        files = [_files(playlist), _files(sound.decode())]
        return all(self._get(f"stream/{name}") for names in files for name in names[:2])

    def _get(self, name: str) -> bytes | None:
        try:
            with urllib.request.urlopen(f"{self._base}/{name}", timeout=30) as answer:
                return bytes(answer.read())
        except urllib.error.HTTPError as error:
            if error.code == 409:
                return None
            raise

    def _now(self) -> float:
        return time.perf_counter() - self._started


def _files(playlist: str) -> list[str]:
    """The header, then the segments."""
    header = re.findall(r'#EXT-X-MAP:URI="([^"]+)"', playlist)
    return [*header, *(line for line in playlist.splitlines() if line and line[0] != "#")]


def measured(folder: Path, early_s: str, text: str) -> Round:
    """A fresh stack, warmed by a short job; then one job through HTTP."""
    var = folder / "stack"
    options = StackOptions(
        var=var, port=0, flower_port=0, queue_port=0, blob_port=0, flower=False,
        render_workers=WORKERS, env={"LIPCHORD_REUSE": "0", "LIPCHORD_EARLY_S": early_s},
    )  # fmt: skip
    with Stack(options) as stack:
        client = Client(stack.url)
        client.submit(text=SENTENCES, wait=True)
        started = time.perf_counter()
        job = client.submit(text=text)
        player = Player(stack.url, job.id, started)
        while not player.look():
            time.sleep(LOOK_S if player.first is None else LATER_S)
        done = client.job(job.id)
    shutil.rmtree(var)
    return _round(done, player)


def _round(job: Job, player: Player) -> Round:
    assert job.succeeded, job.error
    assert {(c["worker"] or "").split("@")[0] for c in job.chunks} == {"render0", "render1"}
    assert player.first is not None
    return Round(
        planned=round(job.view["timings"]["plan"], 3),
        rendered=round(_seconds(job.view["created_at"], job.chunks[0]["finished_at"]), 3),
        first=round(player.first, 3),
        whole=round(player.listed[-1][0], 3),
        waits=round(player.waits(), 3),
        chunks=[chunk["n_frames"] for chunk in job.chunks],
    )


def _seconds(since: str, until: str | None) -> float:
    begin, end = (datetime.fromisoformat(when or since) for when in (since, until))
    return (end - begin).total_seconds()


@click.command()
@click.option("--seconds", default=60, help="of speech, about")
@click.option("--rounds", default=4, help="of each kind; the quickest is shown, and medians")
def main(seconds: int, rounds: int) -> None:
    """Measure, print, save."""
    console = Console()
    text = SENTENCES * round(seconds / 11.4)  # which is how long they are spoken
    found: dict[str, list[Round]] = {kind: [] for kind in KINDS}
    var = Path(".var")
    var.mkdir(exist_ok=True)
    with TemporaryDirectory(prefix="bench-", dir=var) as name:
        for number in range(rounds):
            for kind, early_s in KINDS.items():
                found[kind].append(measured(Path(name).resolve(), early_s, text))
                console.print(f"round {number + 1} of {rounds}, {kind}:", found[kind][-1])
    report = summary(found)
    console.print(table(report), report["ratios"], markup=False)
    RESULTS.write_text(json.dumps(report, indent=1) + "\n")
    page.put("first second", table(report))


def summary(found: dict[str, list[Round]]) -> dict[str, object]:
    """The quickest round of each kind, for what else runs on the machine only adds; and medians."""
    best = {kind: min(laps, key=lambda lap: lap.whole) for kind, laps in found.items()}
    shown = {
        kind: {
            name: getattr(lap, name) for name in ("planned", "rendered", "first", "whole", "waits")
        }
        for kind, lap in best.items()
    }
    short, plain = (shown[kind] for kind in KINDS)
    n_frames = sum(next(iter(found.values()))[0].chunks)
    return {
        "machine": f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores",
        "speech_seconds": n_frames / 25,
        "seconds": shown,
        "median whole": {
            kind: round(median(lap.whole for lap in laps), 3) for kind, laps in found.items()
        },
        "chunks": {kind: lap.chunks for kind, lap in best.items()},
        "ratios": {
            "first second / whole": round(short["first"] / short["whole"], 3),
            "first second / whole, plain cut": round(plain["first"] / plain["whole"], 3),
            "whole, short first chunk / plain cut": round(short["whole"] / plain["whole"], 3),
        },
        "aims": AIMS,
        "rounds": {kind: [asdict(lap) for lap in laps] for kind, laps in found.items()},
    }


def table(report: dict) -> str:  # type: ignore[type-arg]
    """For people."""
    rows = [
        (
            kind, each["planned"], each["rendered"], each["first"], each["whole"],
            f"**{each['first'] / each['whole']:.3f}**", each["waits"],
            ", ".join(map(str, report["chunks"][kind])),
        )
        for kind, each in report["seconds"].items()
    ]  # fmt: skip
    head = (
        "",
        "planned",
        "first chunk",
        "first second",
        "whole",
        "first / whole",
        "a player waits",
        "chunks",
    )
    cost = report["ratios"]["whole, short first chunk / plain cut"]
    rounds = len(report["rounds"]["plain cut"])
    return (
        f"{page.markdown(head, rows)}\n\nThe quickest of {rounds} rounds by turns, "
        f"{report['speech_seconds']:.1f} s of speech. Aims: first / whole at most 0.25; the whole "
        f"at most 1.03 times that of the plain cut, here **{cost}**. Medians of the whole: "
        f"{', '.join(f'{kind} {whole} s' for kind, whole in report['median whole'].items())}."
    )


if __name__ == "__main__":
    main()
