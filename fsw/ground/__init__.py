"""The ground: station, archive, decoding, commanding, pictures. It knows a spacecraft by its octets only."""
