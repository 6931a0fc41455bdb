# SPDX-License-Identifier: Apache-2.0
"""States and other members, their status and keys; implements the charter's Authority."""
