"""The Lua scripts in `tasks/lua/`: each is atomic and begins with what its store's share."""

from importlib.resources import files

import redis
from redis.commands.core import Script

LUA = files("tasks") / "lua"


def blob_scripts(client: "redis.Redis", *names: str) -> dict[str, Script]:
    """Scripts of the blob store by name, "hold" for `blob_hold.lua`."""
    prelude = (LUA / "blob_prelude.lua").read_text()
    return {
        name: client.register_script(prelude + (LUA / f"blob_{name}.lua").read_text())
        for name in names
    }


def script(client: "redis.Redis", *names: str) -> Script:
    """One script, from files that follow each other: script(client, "prelude", "delete")."""
    return client.register_script("".join((LUA / f"{name}.lua").read_text() for name in names))
