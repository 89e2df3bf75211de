"""Chunks -> one MP4. Knows only FFmpeg.

This room gets files and gives a file: it may not name a queue, a store, the
engine or the web. Reading order: errors, concat (chunks in a row), pictures (do
they decode), sound, mux (both into one file), verify (is it what was asked for).
"""
