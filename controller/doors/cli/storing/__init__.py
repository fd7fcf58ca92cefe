"""The verbs on the store itself."""
