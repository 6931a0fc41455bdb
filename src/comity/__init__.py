# SPDX-License-Identifier: Apache-2.0
"""Comity: a node is a fold over a public record of signed acts."""

__version__ = "0.1.0"
