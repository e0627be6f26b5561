"""What a reader sees: words by language, numbers, labels, sentences bound to results, tables and figures. Reads `Released` and nothing else."""
