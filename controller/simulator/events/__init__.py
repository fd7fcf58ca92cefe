"""Events: the messages that Gupshup posts, their queue, and the sender that posts them."""
