"""Intake, review and publication: how a claim becomes an answer."""
