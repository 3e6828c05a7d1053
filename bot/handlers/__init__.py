"""One module a kind of message; each returns an outcome, and dispatch sends it."""
