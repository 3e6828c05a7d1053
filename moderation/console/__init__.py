"""The volunteers' console, a web application of its own under `/review/`."""
