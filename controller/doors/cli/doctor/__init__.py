"""The verb that checks an installation and changes nothing."""
