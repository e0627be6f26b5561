"""The room of missing."""
