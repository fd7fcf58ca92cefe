"""What follows for an app whose customer has left."""
