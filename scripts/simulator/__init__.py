"""A LINE platform on this machine: it refuses what LINE refuses, so that tests and demonstrations can trust it."""
