"""Accounts: what sign-ins told of them, what that keeps from working, and when their credentials end."""
