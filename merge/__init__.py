"""Chunks -> one MP4. Knows only FFmpeg.

This room gets files and gives a file: it may not name a queue, a store, the
engine or the web. Reading order: errors, writing, concat (chunks in a row), pictures
(do they decode), sound, soundtrack (encoded once), mux (both into one file), verify (is
it what was asked for). Beside it, the same as a stream: boxes, track, fragments, hls.
"""
