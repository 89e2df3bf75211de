"""What /openapi.json says about the fleet."""

from api.doc_parts import Operation, json_answer, problems
from api.fleet_views import FleetView

EXAMPLE = {
    "hosts": [
        {
            "name": "gpu-host-1",
            "workers": [
                {
                    "name": "render0@gpu-host-1", "kind": "render", "device": "cuda:0",
                    "generator": "viseme", "state": "rendering", "heard_seconds_ago": 0.7,
                    "frames_per_second": 412.5, "fixed_seconds": 0.05,
                    "seconds_per_frame": 0.00223, "chunks_done": 12, "frames_done": 3000,
                    "in_hand": {
                        "job": "job_" + "1f0a2b3c" * 4, "chunk": 3, "frames_left": 118,
                    },
                    "gpu_memory": {"used": 3_221_225_472, "total": 85_899_345_920},
                    "last_error": None,
                }
            ],
        }
    ],
    "queues": [
        {
            "generator": "viseme", "ready_workers": 1, "frames_per_second": 412.5,
            "chunks_waiting": 4,
        }
    ],
}  # fmt: skip

FLEET: Operation = {
    "operation_id": "getFleet",
    "responses": {
        "200": json_answer(FleetView, "The fleet as it is now.", EXAMPLE),
        **problems("store-unavailable"),
    },
}
