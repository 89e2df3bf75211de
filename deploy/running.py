"""The stack that is up in a place: where it can be reached."""

import json
import os

from deploy.places import Places


def running_url(places: Places) -> str | None:
    """The API's URL of the stack that runs in these places; None where none does."""
    return _running(places, "url")


def running_queue(places: Places) -> str | None:
    """Its queue store's URL."""
    return _running(places, "queue_url")


def running_blobs(places: Places) -> str | None:
    """Its blob store's URL."""
    return _running(places, "blob_url")


def _running(places: Places, what: str) -> str | None:
    try:
        state = json.loads(places.state.read_text())
        os.kill(state["pid"], 0)
    except (FileNotFoundError, ProcessLookupError, ValueError):
        return None
    return str(state[what])
