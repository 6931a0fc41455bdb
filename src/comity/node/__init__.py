# SPDX-License-Identifier: Apache-2.0
"""One running node: stores, writer, recovery, publication."""
