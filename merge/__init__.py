"""Chunks -> one MP4. Knows only FFmpeg."""
