"""Events: what Gupshup posts, the queue of what is due, and the sender that posts it."""
