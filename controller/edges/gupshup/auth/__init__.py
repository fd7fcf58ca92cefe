"""Sign-in and tokens: the login of old, the office of Universal Tokens, the tokens of apps."""
