# SPDX-License-Identifier: Apache-2.0
"""The verifiable record: envelopes, Merkle tree, tiles, notes, proofs. Pure; knows no organisation."""
