"""What machines and browsers talk to."""
