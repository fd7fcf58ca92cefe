"""Values that all layers share. Frozen: no module here acts, reads a clock or opens a file."""
