"""Commands of the command line that stand together: they parse, call and print, as `cli` does."""
