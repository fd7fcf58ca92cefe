"""Output, made from values: text, JSON and other forms. No module here prints."""
