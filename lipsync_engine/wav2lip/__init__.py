"""The Wav2Lip network with the user's own checkpoint, frame for frame as its authors run it.

May not know: queues, the web, other generators. Reading order, as data flows:
`mel` (sound -> what a frame hears), `box` (where the face is), `layers` and
`checkpoint` (what the file must hold), `network` (how it is computed quickly),
`winograd` (its convolutions), `silence` (when the mouth rests), `paste` and
`device_paste` (the
face into the picture), `painter` (one face), `generator`.
"""
