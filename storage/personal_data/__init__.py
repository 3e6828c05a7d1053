"""Finds what may tell who somebody is: numbers with checksums, addresses, accounts and names, in Taiwan's forms.

Pure rules over one text, no model and no I/O. It prefers a false alarm to a miss: a person looks at every finding
before anything becomes public, and takes a mark off more easily than they find what nobody marked.
"""

from storage.personal_data.detectors import find_personal_data
from storage.personal_data.findings import MASK, Finding, Kind, mask

__all__ = ["MASK", "Finding", "Kind", "find_personal_data", "mask"]
