"""When the next pass is due, and over which app."""
