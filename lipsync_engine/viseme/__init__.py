"""The built-in generator: voice -> mouth parameters -> a photo that talks."""
