"""/openapi.json: valid, complete, and true to what the API takes and answers."""

import io
from typing import Any

import pytest
from flask import Flask
from openapi_schema_validator import OAS31Validator
from openapi_spec_validator import OpenAPIV31SpecValidator

from api.face_docs import EXAMPLE_BLOB
from api.face_views import EXAMPLE_ID, FACES
from api.problems import KINDS
from tests.api_house import HELLO, JOBS, House
from tests.looking_house import LookingHouse, photo

METHODS = {"GET", "POST", "PUT", "PATCH", "DELETE"}
PAGES = {
    "/",
    "/docs",
    "/jobs/{job_id}",
    "/parallel_test",
    "/openapi.json",
    "/problems/{name}",
    "/static/{filename}",
}


@pytest.fixture
def house(queue_store: str, blob_store: str) -> LookingHouse:
    return LookingHouse(queue_store, blob_store, generate_timeout_s=0.0)


@pytest.fixture
def spec(house: House) -> dict[str, Any]:
    document: dict[str, Any] = house.http.get("/openapi.json").get_json()
    return document


def conforms(spec: dict[str, Any], body: object, schema: dict[str, Any]) -> None:
    """Raise unless a body is what the schema says."""
    OAS31Validator({"components": spec["components"], **schema}).validate(body)


def operations(spec: dict[str, Any]) -> list[tuple[str, str, dict[str, Any]]]:
    return [
        (path, method, operation)
        for path, methods in spec["paths"].items()
        for method, operation in methods.items()
    ]


def addresses(app: Flask) -> set[tuple[str, str]]:
    """(path, method) of every route, paths written as OpenAPI does."""
    return {
        (rule.rule.replace("<path:", "{").replace("<", "{").replace(">", "}"), method)
        for rule in app.url_map.iter_rules()
        for method in (rule.methods or set()) & METHODS
    }


def test_the_document_is_valid_openapi_3_1(spec: dict[str, Any]) -> None:
    OpenAPIV31SpecValidator(spec).validate()

    assert spec["openapi"].startswith("3.1.")


def test_every_route_is_in_it_with_an_id_and_a_summary(house: House, spec: dict[str, Any]) -> None:
    told = {(path, method.upper()) for path, method, _ in operations(spec)}
    ids = [operation["operationId"] for _, _, operation in operations(spec)]

    assert told == {(path, method) for path, method in addresses(house.app) if path not in PAGES}
    assert len(set(ids)) == len(ids)
    assert all(operation["summary"] for _, _, operation in operations(spec))


def test_every_example_of_a_request_is_accepted(house: LookingHouse, spec: dict[str, Any]) -> None:
    kept = house.kept(photo(768, 1.0))
    sent = {EXAMPLE_ID: kept["id"], EXAMPLE_BLOB: house.queue.store_upload(io.BytesIO(photo()))}
    # /api/generate waits 0 s here: accepted, but not yet ready.
    accepted = {
        JOBS: 202,
        "/api/v1/comparisons": 202,
        "/api/v1/faces": 201,
        "/api/generate": 504,
        "/api/generate_parallel": 504,
    }
    n_sent = 0
    for path, method, operation in operations(spec):
        for kind, media in operation.get("requestBody", {}).get("content", {}).items():
            for example in media["examples"].values():
                if "json" in kind:  # a form's values are all text
                    conforms(spec, example["value"], media["schema"])
                value = {name: sent.get(str(it), it) for name, it in example["value"].items()}
                if "form" in kind and "face" in value:
                    value["face"] = (io.BytesIO(photo()), "me.png")
                body = {"json" if "json" in kind else "data": value}
                where = path.format(face_id=kept["id"])
                house.beat("cpu0", "cpu")  # a busy machine may take longer than a heartbeat holds
                answer = house.http.open(where, method=method.upper(), content_type=kind, **body)

                assert answer.status_code == accepted.get(path, 200), answer.text
                n_sent += 1
    assert n_sent >= 18
    assert len(house.outbox.planned) >= 9


def test_every_example_of_an_answer_is_what_its_schema_says(spec: dict[str, Any]) -> None:
    checked = 0
    for _, _, operation in operations(spec):
        for answer in operation["responses"].values():
            for media in answer.get("content", {}).values():
                if "example" in media:
                    conforms(spec, media["example"], media["schema"])
                    checked += 1
    assert checked >= 6


def test_real_answers_are_what_their_schemas_say(house: LookingHouse, spec: dict[str, Any]) -> None:
    house.beat("render0", "render")
    job_id = house.accepted()
    house.planned(job_id, 30, 20)
    house.rendered(job_id, 0, 30)
    house.failed(house.accepted(), "no-face", "No face was found. Send another.")
    house.succeeded(house.accepted(), b"mp4")
    schemas = {
        f"{JOBS}/{job_id}": "JobView",
        JOBS: "JobPageView",
        "/api/v1/voices": "VoicesView",
        "/api/v1/workers": "WorkersView",
        "/healthz": "HealthView",
        "/readyz": "HealthView",
        FACES: "FacesView",
        house.kept()["links"]["self"]: "FaceView",
    }

    for address, name in schemas.items():
        body = house.http.get(address).get_json()
        conforms(spec, body, {"$ref": f"#/components/schemas/{name}"})
    refused = house.http.post(JOBS, json=HELLO | {"rate": 0, "colour": 1}).get_json()
    conforms(spec, refused, {"$ref": "#/components/schemas/HttpProblem"})


def test_every_problem_that_it_names_is_in_the_table(spec: dict[str, Any]) -> None:
    for _, _, operation in operations(spec):
        for status, answer in operation["responses"].items():
            if "application/problem+json" in answer.get("content", {}):
                named = answer["description"].partition(": ")[2].rstrip(".").split(", ")

                assert {KINDS[name].status for name in named} == {int(status)}
