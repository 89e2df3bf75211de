"""Sound and pictures. Knows no queue."""
