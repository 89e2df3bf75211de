"""Which generators are installed, and how one is made by name.

Light on purpose: listing names loads no torch. Others add theirs by the entry
point group `lipchord.generators`; LIPCHORD_EXTRA_GENERATORS=name=module:Class
adds one for a run (tests, experiments) without a package.
"""

import os
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING

from lipsync_engine.errors import UnknownGeneratorError

if TYPE_CHECKING:
    from lipsync_engine.generator import Generator

GROUP = "lipchord.generators"


def names() -> tuple[str, ...]:
    """Names of the installed generators, sorted."""
    return tuple(sorted(_points()))


def create(name: str) -> "Generator":
    """A new generator by name, not yet set up.

    Raises:
        UnknownGeneratorError: names those that are installed.
    """
    points = _points()
    if name not in points:
        raise UnknownGeneratorError(
            f"There is no generator named {name!r}. Installed here: {', '.join(sorted(points))}."
        )
    generator: Generator = points[name].load()()
    return generator


def _points() -> dict[str, EntryPoint]:
    found = {point.name: point for point in entry_points(group=GROUP)}
    for pair in os.environ.get("LIPCHORD_EXTRA_GENERATORS", "").split(","):
        if "=" in pair:
            name, target = pair.split("=", 1)
            found[name] = EntryPoint(name, target, GROUP)
    return found
