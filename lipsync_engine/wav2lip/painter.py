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
    """Draws a face's frames; a photo's plate and backdrop are made once, a video's as they come.

    In two steps, because they want different things: `draw` is long and small, and several run
    at once; `frame` is short and large, and makes one picture at a time.
    """

    def __init__(self, face: Face, look: Look, network: Network) -> None:
        """Raises FaceError: the look's box lies outside the picture."""
        self._face, self._look, self._network = face, look, network
        width, height = face.size
        self._boxes: tuple[Box, ...] = (
            boxes(face.landmarks, width, height)
            if look.box is None
            else (fixed(look.box, width, height),) * face.n_images
        )

    def draw(
        self, mel: NDArray[np.float32], rests: NDArray[np.float32], numbers: NDArray[np.int64]
    ) -> torch.Tensor | None:
        """Draw one batch of faces.

        Args:
            mel: (B, 80, 16), what each frame hears.
            rests: (B,), how far each mouth rests.
            numbers: (B,) absolute frame numbers.

        Returns:
            (B, 96, 96, 3) uint8 BGR on the network's device; None where all rest: in a long pause
            the network has nothing to do.
        """
        if (rests >= 1).all():
            return None
        with torch.inference_mode():
            return self._network.draw(torch.from_numpy(mel)[:, None], self._backdrop(numbers))

    def frame(self, face: torch.Tensor | None, rest: float, number: int) -> Frames:
        """The frame of one drawn face, (1, H, W, 3) uint8 BGR.

        Args:
            face: (96, 96, 3) of `draw`; None shows the picture as it is, and so does a picture
                in which no face was found, unless the user said where it is.
            rest: how far the mouth rests.
            number: absolute frame number.
        """
        index = self._face.image_index(number)
        if self._look.box is None and not self._face.shows(index):
            return self._face.image(index)[None]
        plate = self._plate_of(number)
        frame = plate.image.copy()
        if face is not None and on_cpu(face.device):
            paste.put(frame, plate, face.numpy(), rest)
        elif face is not None:
            with torch.inference_mode():
                roi = device_paste.pasted(face[None], torch.tensor([rest]), plate)
            paste.inside(frame, plate.box)[:] = roi[0].cpu().numpy()
        return frame[None]

    def _plate_of(self, number: int) -> paste.Plate:
        return (
            self._photo if self._face.n_images == 1 else self._plate(self._face.image_index(number))
        )

    def _backdrop(self, numbers: NDArray[np.int64]) -> Backdrop:
        if self._face.n_images == 1:
            return self._photo_backdrop
        return self._behind([self._plate_of(int(number)) for number in numbers])

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
