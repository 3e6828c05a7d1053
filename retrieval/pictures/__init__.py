"""Pictures: decoded safely, hashed so that a copy is known again, and found by their hashes."""
