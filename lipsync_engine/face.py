"""A face that can be made to talk: pictures, and 68 landmarks on each.

The landmarks are the iBUG 300-W 68 points: 0-16 jaw from the viewer's left ear
over the chin to the right, 17-26 brows, 27-35 nose, 36-47 eyes, 48-59 outer
lips, 60-67 inner lips.
"""

import hashlib
import io
import json
from dataclasses import dataclass
from functools import cached_property

import cv2
import numpy as np
from numpy.typing import NDArray

N_LANDMARKS = 68


@dataclass(frozen=True)
class Face:
    """One picture (a photo) or many (a video, shown back and forth).

    Attributes:
        images: each encoded, PNG for a photo (its bytes must survive), JPEG for a video.
        landmarks: (n_images, 68, 2) float32, x and y in pixels.
        located_by: "face-alignment", "built-in", "shipped" or "user".
        warnings: what the user should know, in plain sentences.
        confidence: of whoever located it, 0..1; docs/referee.md says what it is worth.
        found: (n_images,) bool, which pictures show the face; the others are shown as they are.
            None: all of them.
    """

    images: tuple[bytes, ...]
    landmarks: NDArray[np.float32]
    located_by: str
    warnings: tuple[str, ...] = ()
    confidence: float = 1.0
    found: NDArray[np.bool_] | None = None

    @property
    def n_images(self) -> int:
        return len(self.images)

    @cached_property
    def size(self) -> tuple[int, int]:
        """(width, height) in pixels."""
        height, width = self.image(0).shape[:2]
        return width, height

    @cached_property
    def content_hash(self) -> str:
        """Hex SHA-256 of the pictures, the landmarks, and which pictures show the face."""
        digest = hashlib.sha256(np.ascontiguousarray(self.landmarks).tobytes())
        if self.found is not None and not self.found.all():
            digest.update(np.packbits(self.found).tobytes())
        for image in self.images:
            digest.update(image)
        return digest.hexdigest()

    def image(self, index: int) -> NDArray[np.uint8]:
        """Decode picture `index`: (H, W, 3) uint8 BGR."""
        encoded = np.frombuffer(self.images[index], np.uint8)
        decoded = cv2.imdecode(encoded, cv2.IMREAD_COLOR)
        assert decoded is not None  # noqa: S101 - `images` only ever holds what we encoded
        return decoded.astype(np.uint8, copy=False)

    def shows(self, index: int) -> bool:
        """Whether the face is in picture `index`."""
        return self.found is None or bool(self.found[index])

    def image_index(self, frame: int) -> int:
        """Which picture absolute frame `frame` shows: 0 1 2 … n-1 n-2 … 1 0 1 …"""
        if self.n_images == 1:
            return 0
        turn = 2 * self.n_images - 2
        position = frame % turn
        return min(position, turn - position)

    def to_bytes(self) -> bytes:
        """One self-contained blob; `from_bytes` reads it back."""
        buffer = io.BytesIO()
        facts = {"located_by": self.located_by, "warnings": list(self.warnings)}
        found = np.ones(self.n_images, bool) if self.found is None else self.found
        np.savez(
            buffer,
            allow_pickle=False,
            facts=np.frombuffer(json.dumps(facts).encode(), np.uint8),
            confidence=np.float64(self.confidence),
            found=found,
            landmarks=self.landmarks.astype(np.float32),
            lengths=np.array([len(image) for image in self.images], np.int64),
            images=np.frombuffer(b"".join(self.images), np.uint8),
        )
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, blob: bytes) -> "Face":
        """Read what `to_bytes` wrote."""
        with np.load(io.BytesIO(blob), allow_pickle=False) as store:
            facts = json.loads(store["facts"].tobytes())
            ends = np.cumsum(store["lengths"])
            joined = store["images"].tobytes()
            starts = [0, *ends[:-1].tolist()]
            images = tuple(joined[a:b] for a, b in zip(starts, ends.tolist(), strict=True))
            return cls(
                images,
                store["landmarks"],
                facts["located_by"],
                tuple(facts["warnings"]),
                float(store["confidence"]),
                store["found"],
            )
