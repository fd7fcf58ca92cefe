"""What a plan would change: the values before and after, and the digest of each effect."""
