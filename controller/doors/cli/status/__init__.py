"""The verbs that show what the store holds."""
