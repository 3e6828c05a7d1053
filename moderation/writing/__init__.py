"""Writing answers: drafts, references, what may be sent in, corrections, and what is worth reusing."""
