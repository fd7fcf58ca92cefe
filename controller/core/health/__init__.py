"""Health of apps: whether an app can send, whether its quality dropped, and when to read both again."""
