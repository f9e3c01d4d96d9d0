"""One mapping, read in both directions and proven to come back whole. Pure: no clock, no socket, no disk."""
