"""What leaves: the report as a document of neutral blocks, and the formats it is written in."""
