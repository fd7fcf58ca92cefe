"""Tables of the store, as the loop and the command line use them: one subject for each file."""
