"""Pictures, videos and recordings: fetched from LINE, known again, and read."""
