"""Where a simulation meets the real world: the wall clock, files, sockets, real units."""
