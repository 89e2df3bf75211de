"""Runs in the referee's own environment: 478 points for every picture and every frame of a film.

    .venv-referee/bin/python tests/referee/facemesh.py FOLDER

reads FOLDER/*.png (each picture for itself) and FOLDER/*.mp4 (frame after
frame, for itself too, so that no tracker hides a frame without a face), and
writes FOLDER/facemesh.npz: one array per file name, (n_frames, 478, 2) float32
in pixels, not a number where it sees no face.
"""

import sys
from pathlib import Path

import cv2
import mediapipe
import numpy as np

N_POINTS = 478
LEAST_SURE = 0.3  # of its detector; its own usual is 0.5, which loses drawn people


def main(folder):
    seen = {}
    with mediapipe.solutions.face_mesh.FaceMesh(
        static_image_mode=True,
        refine_landmarks=True,
        max_num_faces=1,
        min_detection_confidence=LEAST_SURE,
    ) as mesh:
        for path in sorted([*folder.glob("*.png"), *folder.glob("*.mp4")]):
            seen[path.stem] = np.stack([points(mesh, image) for image in images(path)])
    np.savez(folder / "facemesh.npz", **seen)


def images(path):
    """Every (H, W, 3) BGR image in a file."""
    if path.suffix == ".png":
        yield cv2.imread(str(path))
        return
    film = cv2.VideoCapture(str(path))
    while True:
        more, image = film.read()
        if not more:
            return
        yield image


def points(mesh, image):
    """(478, 2) float32 pixels; pixel centres lie at whole numbers, as everywhere in Lipchord."""
    height, width = image.shape[:2]
    found = mesh.process(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)).multi_face_landmarks
    if not found:
        return np.full((N_POINTS, 2), np.nan, np.float32)
    share = np.array([[mark.x, mark.y] for mark in found[0].landmark], np.float32)
    return share * np.float32([width, height]) - np.float32(0.5)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
