"""Schedule: when the next pass is due, and over which app."""
