# SPDX-License-Identifier: Apache-2.0
"""The charter: what members can do, whether it is in order, and what follows from it. Pure; no I/O.

- `terms`: identifiers and other checked words, as annotated types.
- `refusal`: the one object that says why an act is not in order.
- `act`: the registry of kinds; one class in one file is one kind.
- `rule`: the decision-rule language, interpreted exactly and explained line by line.
- `article`: the charter as data, and its coherence.
- `register`: what follows from the record; the draft over it; its digest.
- `tables`: the rows that the charter itself remembers.
- `authority`: who may do what, directly or by a decision; electorates and rolls.
- `acts`: founding, amendment, edition.
- `fold`: open, verify, check, apply: the same everywhere.
"""
