"""Control loop: passes over partners, and when each pass runs again."""
