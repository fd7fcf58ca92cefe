"""What a plan would change: the values before and after, their digest, and the cause of each entry."""
