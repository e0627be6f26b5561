"""The room of release."""
