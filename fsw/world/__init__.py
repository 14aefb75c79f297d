"""Nature: where things are, what lights them, what a lens sees, what a radio hears."""
