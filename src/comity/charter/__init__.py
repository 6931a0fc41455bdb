# SPDX-License-Identifier: Apache-2.0
"""The charter: acts and their registry, refusals, the rule language, register and fold. Pure."""
