"""One file a command of `lipchord`, loaded only when it is called.

Each holds one `click` command, named as in the table of `deploy.cli`. What two of them
need lies beside this folder: `deploy.console`, `deploy.asking`, `deploy.exits`.
"""
