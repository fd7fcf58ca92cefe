"""Doors: the command line and the web, through which people and other programs use the controller."""
