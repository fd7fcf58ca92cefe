"""Tables of the store: one thing a file, asked for by the loop and the command line."""
