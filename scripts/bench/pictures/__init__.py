"""What picture matching and reading are measured on: made pictures, and what people do to pictures."""
