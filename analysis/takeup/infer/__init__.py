"""The room of infer."""
