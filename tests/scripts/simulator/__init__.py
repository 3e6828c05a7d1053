"""Tests of the simulator itself: a fake that accepts what LINE refuses would make every other test worthless."""
