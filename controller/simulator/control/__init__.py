"""The control surface: tests read the state of the simulated Gupshup, and change it by hand."""
