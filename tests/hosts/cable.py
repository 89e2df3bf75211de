"""A long cable between two network interfaces: every packet comes later, some never.

`tc netem` does this in the kernel, where the kernel has it; this one's (Firecracker's) has
not. Here each packet that comes to one interface is put out of the other as it is, after
`latency_s`, unless it is among the `loss` share that is dropped. So TCP itself sees the
latency and the loss, and sends again what was lost, as over a true line.

    python -m tests.hosts.cable IN OUT LATENCY_S LOSS SEED
"""

import heapq
import random
import selectors
import socket
import sys
import time

ETH_P_ALL = 3
SOL_PACKET, PACKET_VNET_HDR = 263, 15
OUTGOING = 4  # of an address: this machine has sent it
LARGEST = 128 * 1024  # bytes


def main(one: str, other: str, latency_s: float, loss: float, seed: int) -> None:
    """Carry packets between two interfaces for ever."""
    rng = random.Random(seed)
    ends = {_end(one): other, _end(other): one}
    outs = {name: end for end, name in zip(ends, (one, other), strict=True)}
    under_way: list[tuple[float, int, str, bytes]] = []
    ready = selectors.DefaultSelector()
    for end in ends:
        ready.register(end, selectors.EVENT_READ)
    count = 0
    while True:
        wait_s = max(0.0, under_way[0][0] - time.monotonic()) if under_way else None
        for key, _ in ready.select(wait_s):
            packet, address = key.fileobj.recvfrom(LARGEST)  # type: ignore[union-attr]
            if address[2] != OUTGOING and rng.random() >= loss:
                count += 1
                due = time.monotonic() + latency_s
                heapq.heappush(under_way, (due, count, ends[key.fileobj], packet))  # type: ignore[index]
        while under_way and under_way[0][0] <= time.monotonic():
            _, _, out, packet = heapq.heappop(under_way)
            outs[out].send(packet)


def _end(interface: str) -> socket.socket:
    """All packets of an interface, each with the kernel's note on its checksum and segments.

    Without the note (virtio_net_hdr) a packet whose checksum the kernel had left for
    later would arrive with a wrong one.
    """
    end = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(ETH_P_ALL))
    end.setsockopt(SOL_PACKET, PACKET_VNET_HDR, 1)
    end.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 8 * 2**20)
    end.bind((interface, 0))
    return end


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], float(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
