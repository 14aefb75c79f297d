"""Wiring only: a vehicle is tasks and devices, connected."""
