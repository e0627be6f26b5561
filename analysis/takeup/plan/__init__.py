"""What was promised: the plan file, read into frozen values, hashed and locked."""
