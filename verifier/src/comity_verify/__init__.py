# SPDX-License-Identifier: Apache-2.0
"""Recomputes a Comity record from its public files alone; imports nothing of Comity."""

__version__ = "0.1.0"
