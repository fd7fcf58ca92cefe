"""What is told, made from what is known: text, JSON and other forms. Nothing here prints."""
