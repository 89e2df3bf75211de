"""`make referee`: ask, print, write down."""

import cv2

from referee import followed, hired, located, page, speaking

PAGE = hired.ROOT / "docs" / "referee.md"
RESULTS = hired.ROOT / "benchmarks" / "results" / "referee.json"


def main() -> None:
    """Measure B3, B4 and B5; takes some minutes."""
    cv2.setNumThreads(1)
    groups = {
        "portraits": located.results(hired.WORK / "portraits"),
        "films": speaking.results(hired.WORK / "films"),
        "tracks": followed.results(),
    }
    parts = {
        "portraits": page.of_portraits(groups["portraits"]),
        "films": page.of_films(groups["films"]),
        "tracks": page.of_tracks(groups["tracks"]),
    }
    print("\n\n".join(parts.values()))
    page.written(PAGE, parts)
    RESULTS.write_text(page.as_json(groups))


if __name__ == "__main__":
    main()
