"""`/api/v1`: what is public, as JSON to read. `/api/v1/openapi.json` describes it, and is made from the same types."""
