"""Emulated hardware behind the tasks' ports. Knows nature, not the flight software."""
