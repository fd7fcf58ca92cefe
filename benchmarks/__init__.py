"""Figures that can be measured again by `make bench`: each module here measures one thing."""
