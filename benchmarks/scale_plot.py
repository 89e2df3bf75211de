"""The two curves of `benchmarks.scale` as one SVG, drawn by hand: no library is needed for it."""

from math import log10
from typing import Any

WIDTH, HEIGHT, EDGE = 380, 240, 46  # px of one plot, and around it
STYLE = """<style>
text { font: 12px system-ui, sans-serif; fill: #57606a } .title { font-weight: 600 }
.axis { stroke: #8c959f; stroke-width: 1 } .grid { stroke: #8c959f; stroke-opacity: .3 }
.line { fill: none; stroke: #2f6feb; stroke-width: 2 } .dot { fill: #2f6feb }
@media (prefers-color-scheme: dark) { text { fill: #9da7b1 } }
</style>"""


def drawing(queue: list[dict[str, Any]], fleet: list[dict[str, Any]]) -> str:
    """The whole picture."""
    cost = [(row["chunks"], row["ms_a_chunk"]) for row in queue]
    slow = [row for row in fleet if row["frame_ms"] == fleet[0]["frame_ms"]]
    share = [(row["workers"], 100 * row["efficiency"]) for row in slow]
    both = WIDTH * 2 + EDGE * 4
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {both} {HEIGHT + 2 * EDGE}">',
        STYLE,
        *_plot(cost, "the queue's ms a chunk, by chunks of a job", EDGE),
        *_plot(share, "% of workers' time that is rendering, by workers", WIDTH + 3 * EDGE, 100),
        "</svg>\n",
    ])  # fmt: skip


def _plot(
    points: list[tuple[float, float]], title: str, left: float, top: float | None = None
) -> list[str]:
    """One curve over a logarithmic x; y from 0 to `top`, or to a little above the highest."""
    highest = top or 1.15 * max(y for _, y in points)
    least, most = log10(points[0][0]), log10(points[-1][0])
    base = EDGE + HEIGHT

    def place(x: float, y: float) -> tuple[float, float]:
        across = (log10(x) - least) / (most - least)
        return round(left + WIDTH * across, 1), round(base - HEIGHT * y / highest, 1)

    lines = [f'<text class="title" x="{left}" y="{EDGE - 16}">{title}</text>']
    for step in range(5):
        value = highest * step / 4
        _, y = place(points[0][0], value)
        lines.append(f'<line class="grid" x1="{left}" x2="{left + WIDTH}" y1="{y}" y2="{y}"/>')
        lines.append(f'<text x="{left - 8}" y="{y + 4}" text-anchor="end">{value:.3g}</text>')
    for x, y in points:
        at, high = place(x, y)
        lines.append(f'<circle class="dot" cx="{at}" cy="{high}" r="3.5"/>')
        lines.append(f'<text x="{at}" y="{base + 18}" text-anchor="middle">{x:g}</text>')
        below = high + (18 if top else -10)
        lines.append(f'<text x="{at}" y="{below}" text-anchor="middle">{y:.3g}</text>')
    path = " ".join(f"{a},{b}" for a, b in (place(x, y) for x, y in points))
    lines.append(f'<polyline class="line" points="{path}"/>')
    lines.append(f'<line class="axis" x1="{left}" x2="{left + WIDTH}" y1="{base}" y2="{base}"/>')
    return lines
