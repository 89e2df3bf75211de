"""Numbers for Prometheus; docs/monitoring.md names every one.

Names end in their unit (Prometheus' base units: seconds, bytes), and in `_total` where they only
grow. Labels come from small fixed sets: queues, generators, states, living workers; never jobs,
tenants or addresses. Reading order: registry, collector, jobs, workers, stores.
"""
