"""An independent judge: MediaPipe's face mesh, in a virtual environment of its own.

`make referee` asks it where faces, eyes and mouths are: in portraits that the
built-in locator was given, and in every frame of films that this project drew.
It shares no code, no weights and no numpy with what it judges.

Reading order: ibug (its points in our words), facemesh (the only file that runs
in the referee's environment), hired (how it is asked), portraits -> located
(item B5), speaking (B3), followed (B4), page (the tables).
"""
