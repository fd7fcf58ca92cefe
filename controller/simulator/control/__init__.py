"""The control surface: what tests see of the simulator, and what they change in it by hand."""
