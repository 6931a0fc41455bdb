# SPDX-License-Identifier: Apache-2.0
"""Proposals, recorded votes and their declaration."""
