"""How it starts: processes, devices, stores, and the command line.

Knows every room's command, none of their insides, and never imports torch:
models live in the workers. Reading order: ports, guard, processes, stores,
devices, stack, supervisor, cli.
"""
