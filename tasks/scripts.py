"""The Lua scripts in `tasks/lua/`: each is atomic and begins with what its store's share."""

from functools import lru_cache
from importlib.resources import files

import redis
from redis.commands.core import Script

LUA = files("tasks") / "lua"


@lru_cache
def source(*names: str) -> str:
    """The text of files that follow each other: source("prelude", "delete").

    It is sent with EVAL where a script must run even after a SCRIPT FLUSH in the
    middle of a pipeline; the server keeps the compiled form all the same.
    """
    return "".join((LUA / f"{name}.lua").read_text() for name in names)


def script(client: "redis.Redis", *names: str) -> Script:
    """One script, from files that follow each other."""
    return client.register_script(source(*names))


def blob_scripts(client: "redis.Redis", *names: str) -> dict[str, Script]:
    """Scripts of the blob store by name, "hold" for `blob_hold.lua`."""
    return {name: script(client, "blob_prelude", f"blob_{name}") for name in names}
