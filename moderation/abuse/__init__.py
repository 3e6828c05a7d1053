"""Misuse: reports and appeals, what moderators do about them, and what the public reads of it."""
