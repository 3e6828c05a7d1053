"""One module a kind of message the bot sends: each turns what was decided into LINE's JSON, and does nothing else."""
