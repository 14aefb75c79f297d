"""Mission time, the cooperative scheduler, named random streams, snapshots. Knows no spacecraft."""
