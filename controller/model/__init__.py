"""The nouns that every room shares. Frozen values; nothing here acts, reads a clock or opens a file."""
