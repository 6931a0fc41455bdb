# SPDX-License-Identifier: Apache-2.0
"""What can be asked about meetings, proposals, votes and decisions; importing it registers them all."""

from comity.dialogue.views import meetings, proposals, votes

__all__ = ["meetings", "proposals", "votes"]
