"""The verbs that help a person at the command line."""
