"""The room of present."""
