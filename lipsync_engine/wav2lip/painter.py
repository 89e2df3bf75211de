"""One face, ready to be given mouths: what is computed once, and its frames by the batch."""

from functools import cached_property

import numpy as np
import torch
from numpy.typing import NDArray

from lipsync_engine.face import Face
from lipsync_engine.generator import Look
from lipsync_engine.wav2lip import device_paste, paste
from lipsync_engine.wav2lip.box import Box, boxes, fixed
from lipsync_engine.wav2lip.network import Backdrop, Network

Frames = NDArray[np.uint8]


def on_cpu(device: torch.device) -> bool:
    """Whether pictures are pasted by OpenCV, as in the published code, or by the device."""
    return device.type == "cpu"


class Painter:
    """Draws a face's frames; a photo's plate and backdrop are made once, a video's as they come."""

    def __init__(self, face: Face, look: Look, network: Network) -> None:
        """Raises FaceError: the look's box lies outside the picture."""
        self._face, self._look, self._network = face, look, network
        width, height = face.size
        self._boxes: tuple[Box, ...] = (
            boxes(face.landmarks, width, height)
            if look.box is None
            else (fixed(look.box, width, height),) * face.n_images
        )

    def frames(
        self,
        mel: NDArray[np.float32],
        rests: NDArray[np.float32],
        numbers: NDArray[np.int64],
        kept: slice,
    ) -> Frames:
        """Draw one batch.

        Args:
            mel: (B, 80, 16), what each frame hears.
            rests: (B,), how far each mouth rests.
            numbers: (B,) absolute frame numbers.
            kept: which of them are wanted.

        Returns:
            (b, H, W, 3) uint8 BGR: the wanted ones.
        """
        with torch.inference_mode():
            plates = self._plates(numbers)
            wanted = plates[kept]
            frames = np.stack([plate.image for plate in wanted])
            if (rests[kept] < 1).any():  # in a long pause the network has nothing to do
                faces = self._network.draw(torch.from_numpy(mel)[:, None], self._backdrop(plates))[
                    kept
                ]
                self._paste(frames, wanted, faces, rests[kept])
            return frames

    def _paste(
        self,
        frames: Frames,
        plates: list[paste.Plate],
        faces: torch.Tensor,
        rests: NDArray[np.float32],
    ) -> None:
        if on_cpu(faces.device):
            drawn = faces.numpy()
            for k, plate in enumerate(plates):
                paste.put(frames[k], plate, drawn[k], float(rests[k]))
        elif self._face.n_images == 1:
            made = device_paste.pasted(faces, torch.from_numpy(rests), plates[0]).cpu().numpy()
            box = plates[0].box
            frames[:, box.y1 : box.y2, box.x1 : box.x2] = made
        else:
            for k, plate in enumerate(plates):
                one = slice(k, k + 1)
                roi = device_paste.pasted(faces[one], torch.from_numpy(rests[one]), plate)
                paste.inside(frames[k], plate.box)[:] = roi[0].cpu().numpy()

    def _plates(self, numbers: NDArray[np.int64]) -> list[paste.Plate]:
        if self._face.n_images == 1:
            return [self._photo] * len(numbers)
        shown = [self._face.image_index(int(number)) for number in numbers]
        made = {index: self._plate(index) for index in set(shown)}
        return [made[index] for index in shown]

    def _backdrop(self, plates: list[paste.Plate]) -> Backdrop:
        return self._photo_backdrop if self._face.n_images == 1 else self._behind(plates)

    @cached_property
    def _photo(self) -> paste.Plate:
        return self._plate(0)

    @cached_property
    def _photo_backdrop(self) -> Backdrop:
        return self._behind([self._photo])

    def _plate(self, index: int) -> paste.Plate:
        return paste.plate(self._face.image(index), self._boxes[index], self._look.paste)

    def _behind(self, plates: list[paste.Plate]) -> Backdrop:
        if on_cpu(self._network.device):
            inputs = [torch.from_numpy(paste.network_input(plate.face)) for plate in plates]
        else:
            inputs = [
                device_paste.network_input(
                    torch.from_numpy(plate.face.copy()).to(self._network.device)
                )
                for plate in plates
            ]
        return self._network.backdrop(torch.stack(inputs))
