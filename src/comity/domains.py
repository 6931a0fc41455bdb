# SPDX-License-Identifier: Apache-2.0
"""Every domain of this program: importing it completes the registries of kinds, tables and views."""

from comity.charter import acts as charter
from comity.dialogue import acts as dialogue
from comity.members import acts as members

DOMAINS = (charter, members, dialogue)
"""The modules whose acts this program knows, in the order of the blueprint."""
