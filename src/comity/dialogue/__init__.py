# SPDX-License-Identifier: Apache-2.0
"""Meetings, proposals and votes."""
