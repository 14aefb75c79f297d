"""Spacecraft as triangles."""
