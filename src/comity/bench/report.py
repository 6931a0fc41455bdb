# SPDX-License-Identifier: Apache-2.0
"""The figures as a table in Markdown, put between two marks of a document; what stands around them is left alone."""

from pathlib import Path
from typing import Any

BEGIN = "<!-- figures: written by `comity bench record` -->"
END = "<!-- end of figures -->"

Figures = dict[str, Any]


def write(path: Path, found: Figures) -> None:
    """Replace what stands between the marks of a document; a new document is the table alone.

    Raise ValueError where there is a document without the marks.
    """
    before, after = "", "\n"
    if path.exists():
        text = path.read_text()
        before, begun, rest = text.partition(BEGIN)
        _, ended, after = rest.partition(END)
        if not begun or not ended:
            raise ValueError(f"{path} has no place for figures: it lacks the lines {BEGIN} and {END}.")
    path.write_text(f"{before}{BEGIN}\n\n{table(found)}\n{END}{after}")


def table(found: Figures) -> str:
    """All figures, with their targets, the peers and the conditions."""
    machine = found["machine"]
    lines = [
        (
            f"Measured in {found['seconds']:,.0f} s on {machine['processors']} processors ({machine['machine']}), "
            f"{machine['memory_gib']} GiB of memory, {machine['system']}, file system {machine['file_system']}, "
            f"Python {machine['python']}; load before the run {machine['load_before']}, after it {found['load_after']}."
        ),
        "",
        "| figure | target | measured | |",
        "|---|---|---|---|",
        *(_row(found, *each) for each in _rows(found)),
        "",
        "| peer, same rows, same disk | per second | what it does not do |",
        "|---|---|---|",
        *(f"| {name} | {value:,} | {remark} |" for name, value, remark in _peers(found)),
        "",
    ]
    return "\n".join(lines)


def _row(found: Figures, name: str, figure: str, target: str, measured: str) -> str:
    standing = "" if not target else "short" if name in found["missed"] else "reached"
    return f"| {figure} | {target} | {measured} | {standing} |"


def _rows(found: Figures) -> list[tuple[str, str, str, str]]:
    wanted = 2 + 2 * found["fsync_ms"]
    return [
        (
            "ratio_one_core",
            "acts/s by batch through the writer on one core, over bare verification on one core",
            "≥ 0.6",
            (
                f"**{found['ratio_one_core']}** ({found['acts_per_second_one_core']:,} over "
                f"{found['bare_per_second_one_core']:,}; rounds {_span(found['ratios_one_core'])})"
            ),
        ),
        (
            "ratio_two_cores",
            "the same on two cores, over bare verification by two processes",
            "≥ 0.6",
            (
                f"**{found['ratio_two_cores']}** ({found['acts_per_second_two_cores']:,} over "
                f"{found['bare_per_second_two_cores']:,}; rounds {_span(found['ratios_two_cores'])})"
            ),
        ),
        (
            "verify_ratio",
            "`comity-verify` of a whole record on two cores, over bare verification by two processes",
            "≥ 0.75",
            f"**{found['verify_ratio']}** ({found['verify_per_second']:,} entries/s, {found['verify_acts']:,} entries)",
        ),
        (
            "receipts_per_second",
            "receipts per second",
            "≥ 20,000",
            f"**{found['receipts_per_second']:,}** (record of {found['receipts_size']:,})",
        ),
        (
            "http_act_ms",
            "one act by HTTP on an idle node, receipt included, p50",
            f"≤ 2 ms + 2 forced writes = {wanted:.2f} ms",
            f"**{found['http_act_ms']:.2f} ms** (forced write {found['fsync_ms']:.2f} ms)",
        ),
        (
            "memory_mb_per_million_votes",
            "resident memory per million imported votes",
            "≤ 500 MB",
            (
                f"**{found['memory_mb_per_million_votes']:,.0f} MB** ({found['memory_votes']:,} votes in "
                f"{found['memory_rollcalls']:,} roll calls; the process had {found['memory_mb']:,.0f} MB)"
            ),
        ),
        (
            "start_seconds",
            f"start of a node with {found['start_acts']:,} acts, from snapshot",
            "≤ 5 s for a million",
            f"**{found['start_seconds']:.2f} s** ({found['start_cpu_seconds']:.2f} s of processor time)",
        ),
        (
            "get_cpu_us",
            f"GET of a view of {found['get_bytes']:,} bytes: server CPU, {found['get_clients']} clients",
            "≤ 80 µs",
            f"**{found['get_cpu_us']:.0f} µs**",
        ),
        (
            "get_alone_cpu_us",
            "the same, of one client that asks alone: the server falls asleep and wakes at every request",
            "",
            f"{found['get_alone_cpu_us']:.0f} µs",
        ),
        (
            "get_new_cpu_us",
            f"a question that nobody has asked since the last act, {found['get_clients']} clients",
            "",
            f"{found['get_new_cpu_us']:.0f} µs",
        ),
    ]


def _peers(found: Figures) -> list[tuple[str, int, str]]:
    peers = found["peers"]
    return [
        ("comity, by batch, two cores", found["acts_per_second_two_cores"], ""),
        ("comity, one act at a time by HTTP", round(1000 / found["http_act_ms"]), "(one client that waits for each)"),
        ("pymerkle SqliteTree, in bulk", peers["pymerkle_bulk"], "no signature, check, register or checkpoint"),
        ("pymerkle SqliteTree, singly", peers["pymerkle_single"], "the same"),
        (
            f"pymerkle, inclusion proofs at {peers['pymerkle_size']:,}",
            peers["pymerkle_proofs"],
            f"no checkpoint in it (comity: {found['receipts_per_second']:,} receipts)",
        ),
        ("eventsourcing on SQLite, 100 events a time", peers["eventsourcing"], "no signature, check, tree or proof"),
        ("plain SQLite table, 1,024 rows a time", peers["sqlite_bulk"], "nothing but to keep the rows"),
        ("plain SQLite table, singly", peers["sqlite_single"], "the same"),
    ]


def _span(ratios: list[float]) -> str:
    return f"{min(ratios)} to {max(ratios)}"
