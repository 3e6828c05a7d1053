"""Tests of the command line, the importers and the simulator."""
