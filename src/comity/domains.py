# SPDX-License-Identifier: Apache-2.0
"""Every domain of this program: importing it completes the registries of kinds, tables, views and words."""

from comity.charter import acts as charter
from comity.charter import views as _charter_views
from comity.dialogue import acts as dialogue
from comity.dialogue import views as _dialogue_views
from comity.dialogue import words as _dialogue_words
from comity.members import acts as members
from comity.members import views as _members_views
from comity.members import words as _members_words

DOMAINS = (charter, members, dialogue)
"""The modules whose acts this program knows, in the order of the blueprint."""

VIEWS_AND_WORDS = (
    _charter_views,
    _members_views,
    _members_words,
    _dialogue_views,
    _dialogue_words,
)
"""The modules whose views and words this program knows."""
