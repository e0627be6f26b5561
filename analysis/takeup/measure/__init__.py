"""The room of measure."""
