"""Time: what runs, and when again."""
