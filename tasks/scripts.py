"""The Lua scripts' texts: each is the prelude and its own file in `tasks/lua/`."""

from functools import lru_cache
from importlib.resources import files


@lru_cache
def source(name: str) -> str:
    """The whole text of script `name`.

    It is sent with EVAL where a script must run even after a SCRIPT FLUSH in the
    middle of a pipeline; the server keeps the compiled form all the same.
    """
    lua = files("tasks") / "lua"
    return (lua / "prelude.lua").read_text() + (lua / f"{name}.lua").read_text()
