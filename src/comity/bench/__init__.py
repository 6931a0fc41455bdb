# SPDX-License-Identifier: Apache-2.0
"""What a node reaches, measured beside what its parts could reach and beside its peers (`docs/benchmarks.md`).

- Every figure is measured on the real thing: real signatures, real commits, a real server on loopback, the verifier
  as a process of its own.
- A ratio is the median of rounds in which the two things alternate on the same processors, so that whatever else the
  machine is doing weighs on both.
- Each stage runs in a process of its own (`stage`), pinned where the figure says so.

`world` makes the acts, `bare` the denominators; `writing`, `reading`, `serving` and `growing` are the stages; `peers`
are the peers; `figures` puts it together, `report` writes it down.
"""
