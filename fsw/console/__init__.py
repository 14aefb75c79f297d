"""The operator's session: commands as text, on a simulation here or on a live spacecraft elsewhere."""
