"""Tables, transactions and queries: the one source of truth."""
