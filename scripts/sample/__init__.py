"""The sample that ships with chaming, and the script that drew it."""
