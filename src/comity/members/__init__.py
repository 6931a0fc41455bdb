# SPDX-License-Identifier: Apache-2.0
"""States and other members: admission, status, keys."""
