"""The room of describe."""
