"""Several hosts, for real: network namespaces with hostnames of their own, joined by cables.

Reading order: `lan` (hosts and the switch between them), `cable` (a poor line), `site`
(Lipchord on those hosts), `several_hosts` (what must hold; `make test-hosts`).
"""
