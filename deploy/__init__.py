"""How it starts."""
