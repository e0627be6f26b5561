"""The one way out: thresholds, what is withheld, and the gate that makes `Released`."""
