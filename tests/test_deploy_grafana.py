"""Dashboard and alerts: every query parses, and asks for what `/metrics` of a real house says."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tasks.contract import Failure
from tasks.house import WorkerInfo
from tests import promql
from tests.api_house import House

ROOT = Path(__file__).resolve().parent.parent
BOARD = json.loads((ROOT / "deploy/grafana/lipchord.json").read_text())
RULES = [
    rule
    for group in yaml.safe_load((ROOT / "deploy/grafana/alerts.yaml").read_text())["groups"]
    for rule in group["rules"]
]
PANELS = [panel for panel in BOARD["panels"] if panel["type"] != "row"]
TARGETS = [target for panel in PANELS for target in panel["targets"]]
PAGE = re.findall(r"```promql\n(.+?)```", (ROOT / "docs/monitoring.md").read_text(), re.DOTALL)
SHOWN = [line for block in PAGE for line in block.splitlines() if not line.startswith("#")]
QUERIES = [target["expr"] for target in TARGETS] + [rule["expr"] for rule in RULES] + SHOWN
UNITS = {"short", "s", "bytes", "percentunit", "reqps"}  # of Grafana's `getValueFormats`
OF_PROMETHEUS = {"job", "instance"}  # labels that every scraped series gets
UP = {"job": {"lipchord"}, "instance": set[str]()}


@dataclass(frozen=True)
class Family:
    """What is exposed under one name that queries use: its type, labels, and their values."""

    type: str
    labels: dict[str, set[str]]


@pytest.fixture(scope="module")
def exported(queue_server: str, blob_server: str) -> dict[str, Family]:
    """By the names of samples, after a job that succeeded, a retry, and a GPU worker's beat."""
    house = House(queue_server, blob_server)
    house.records._redis.flushall()
    house.fleet.beat(WorkerInfo("render0@a", "render", "viseme", True, "cuda:0", 1, frames_done=9,
                                gpu_memory_used=1, gpu_memory_total=2))  # fmt: skip
    house.beat("cpu0@a", "cpu")
    house.succeeded(house.accepted(), b"mp4")
    job_id = house.accepted()
    house.planned(job_id, 30)
    claim = house.records.claim(job_id, 0, "render0@a")
    house.records.give_back(job_id, "0", claim.fence, Failure("hung", "No frame came."))
    house.records.claim(job_id, 0, "render0@a")
    house.http.get("/metrics")
    house.http.get("/nowhere")
    found = {"up": Family("gauge", UP)}  # of Prometheus itself
    for family in text_string_to_metric_families(house.http.get("/metrics").text):
        for sample in family.samples:
            had = found.setdefault(sample.name, Family(family.type, {}))
            for label, value in sample.labels.items():
                had.labels.setdefault(label, set()).add(value)
    return found


def test_every_series_of_a_query_is_exported_with_the_labels_it_is_asked_by(
    exported: dict[str, Family],
) -> None:
    for query in QUERIES:
        for selector in promql.selectors(query):
            assert selector.name in exported, query
            known = exported[selector.name].labels
            for label, (operator, value) in selector.matchers.items():
                assert label in known, (label, query)
                wanted = re.compile(value if operator.endswith("Re") else re.escape(value))
                some = any(wanted.fullmatch(there) for there in known[label])
                assert some or (selector.name, label) in ABSENT_HERE, (value, query)
            assert (selector.grouped or set()) <= known.keys() | OF_PROMETHEUS, query


ABSENT_HERE = {("lipchord_http_requests_total", "status")}  # a 500 is a bug: none comes here


def test_rates_are_of_what_only_grows_and_quantiles_of_histograms(
    exported: dict[str, Family],
) -> None:
    for query in QUERIES:
        for selector in promql.selectors(query):
            kind = exported[selector.name].type
            rated = bool(promql.COUNTING & set(selector.functions))
            assert rated == (kind in ("counter", "histogram")), (selector.name, query)
            if "histogram_quantile" in selector.functions:
                assert kind == "histogram", query
                assert selector.name.endswith("_bucket"), query
                assert "le" in (selector.grouped or {"le"}), query


@pytest.mark.parametrize(
    "broken",
    [
        "rate(lipchord_frames_total)",
        "sum by (le (lipchord_workers)",
        "histogram_quantile(lipchord_job_wait_seconds_bucket)",
        "lipchord_workers{kind=}",
    ],
)
def test_the_parser_refuses_what_prometheus_would(broken: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        promql.parsed(broken)


def test_names_of_lines_use_labels_that_the_answer_has(exported: dict[str, Family]) -> None:
    for target in TARGETS:
        named = set(re.findall(r"{{\s*(\w+)\s*}}", target["legendFormat"]))
        first = promql.selectors(target["expr"])[0].name
        has = promql.labels(target["expr"])

        assert named <= (exported[first].labels.keys() if has is None else has), target
        assert target["datasource"] == {"type": "prometheus", "uid": "${datasource}"}


def test_the_board_asks_for_its_prometheus_and_for_a_generator(
    exported: dict[str, Family],
) -> None:
    variables = {each["name"]: each for each in BOARD["templating"]["list"]}
    name, label = re.fullmatch(  # type: ignore[union-attr]
        r"label_values\((\w+), (\w+)\)", variables["generator"]["query"]["query"]
    ).groups()

    assert variables["datasource"]["type"] == "datasource"
    assert "viseme" in exported[name].labels[label]
    assert BOARD["schemaVersion"] >= 39
    assert BOARD["id"] is None  # Grafana gives one
    assert "__inputs" not in BOARD


def test_every_panel_says_what_it_shows_in_which_unit() -> None:
    for panel in PANELS:
        assert panel["title"]
        assert panel["description"].endswith("."), panel["title"]
        assert panel["fieldConfig"]["defaults"]["unit"] in UNITS, panel["title"]
    assert len({panel["id"] for panel in BOARD["panels"]}) == len(BOARD["panels"])


def places() -> Iterator[tuple[str, set[tuple[int, int]]]]:
    """The squares of the board's grid that each panel covers."""
    for panel in BOARD["panels"]:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24, panel["title"]
        columns, rows = range(at["x"], at["x"] + at["w"]), range(at["y"], at["y"] + at["h"])
        yield panel["title"], {(x, y) for x in columns for y in rows}


def test_no_panel_lies_upon_another() -> None:
    taken: set[tuple[int, int]] = set()
    for title, squares in places():
        assert not squares & taken, title
        taken |= squares


def anchors(page: str) -> set[str]:
    """Of a Markdown page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", (ROOT / page).read_text(), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", each).strip().lower().replace(" ", "-") for each in headings}


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["alert"])
def test_an_alert_says_what_is_wrong_and_leads_to_what_to_do(rule: dict[str, Any]) -> None:
    page, _, anchor = rule["annotations"]["runbook_url"].partition("#")

    assert rule["labels"]["severity"] in ("critical", "warning")
    assert rule["annotations"]["summary"].endswith(".")
    assert anchor == rule["alert"].lower()
    assert anchor in anchors(page)
    assert rule.get("for") or "increase(" in rule["expr"]


def test_an_alert_names_labels_that_its_answer_has(exported: dict[str, Family]) -> None:
    for rule in RULES:
        said = " ".join(rule["annotations"].values())
        named = set(re.findall(r"\$labels\.(\w+)", said))
        first = promql.selectors(rule["expr"])[0].name
        has = promql.labels(rule["expr"])

        known = exported[first].labels.keys() | OF_PROMETHEUS if has is None else has
        assert named <= known, rule["alert"]


def test_no_alert_is_described_that_there_is_not() -> None:
    described = {anchor for anchor in anchors("docs/operations.md") if anchor[:8] == "lipchord"}

    assert described == {rule["alert"].lower() for rule in RULES}
