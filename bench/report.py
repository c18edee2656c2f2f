# SPDX-License-Identifier: ISC
"""Turns the figures of all trials into one table."""
import statistics

# What other programs may take of a core before a trial counts as disturbed.
QUIET_CORES = 0.15


def median_row(rows):
    """Medians of the numbers, sums of what must not be averaged away."""
    merged = dict(rows[0])
    for name, value in rows[0].items():
        if isinstance(value, float):
            merged[name] = statistics.median(row[name] for row in rows)
    merged["completed"] = min(row["completed"] for row in rows)
    merged["failed"] = max(row["failed"] for row in rows)
    merged["all_open"] = all(row["all_open"] for row in rows)
    merged["rounds"] = len(rows)
    merged["failures"] = {}
    for row in rows:
        merged["failures"].update(row["failures"])
    return merged


def _pair(row, name):
    digits = 3 if name == "delay" else 2
    return " / ".join(f"{row[f'{name}_{p}_ms']:.{digits}f}"
                      for p in ("p50", "p99"))


def _added(row, base):
    if base is None or row is base:
        return "-"
    return " / ".join(
        f"{row[f'delay_{p}_ms'] - base[f'delay_{p}_ms']:+.3f}"
        for p in ("p50", "p99"))


def _cells(row, base):
    has_app = row["app_idle_kib"] > 0
    return [
        row["target"],
        f"{row['completed']}" + (f" ({row['failed']} failed)"
                                 if row["failed"] else ""),
        f"{row['frames_per_s']:.0f}",
        _pair(row, "delay"), _added(row, base),
        _pair(row, "status"), _pair(row, "content"),
        f"{row['app_cpu_us']:.1f}" if has_app else "-",
        f"{row['nginx_cpu_us']:.1f}",
        f"{row['app_kib']:.1f}" if has_app else "-",
        f"{row['nginx_kib']:.1f}",
        f"{row['app_idle_largest_kib'] / 1024:.1f}" if has_app else "-",
    ]


HEADS = ["behind nginx", "streams", "frames/s", "delay ms", "added ms",
         "first status ms", "first content ms", "CPU us/frame app",
         "nginx", "KiB/stream app", "nginx", "idle MiB"]


def lines_of_table(heads, cells):
    """A Markdown table that is also readable as it is."""
    lines = [heads] + cells
    widths = [max(len(line[i]) for line in lines) for i in range(len(heads))]
    text = [" | ".join(cell.ljust(width) for cell, width in
                       zip(line, widths)) for line in lines]
    text.insert(1, " | ".join("-" * width for width in widths))
    return "\n".join(f"| {line} |" for line in text)


def table(rows):
    base = next((row for row in rows if row["target"] == "proxy_pass"), None)
    return lines_of_table(HEADS, [_cells(row, base) for row in rows])


def ratios(rows):
    """What leat spends against nginx's own proxy_pass, and against Node."""
    named = {row["target"]: row for row in rows}
    leat, base = named.get("leat"), named.get("proxy_pass")
    lines = []
    if leat and base:
        ratio = leat["app_cpu_us"] / base["nginx_cpu_us"]
        added = leat["delay_p50_ms"] - base["delay_p50_ms"]
        lines.append(f"leat / nginx's proxy_pass, CPU per frame: {ratio:.2f}")
        lines.append(f"leat over proxy_pass, median delay: {added:+.3f} ms")
    if leat and named.get("node"):
        ratio = leat["app_cpu_us"] / named["node"]["app_cpu_us"]
        lines.append(f"leat / node, CPU per frame: {ratio:.2f}")
    return lines


def remarks(rows, wanted):
    """What the table alone would hide."""
    lines = []
    for row in rows:
        name = row["target"]
        if row["streams"] < wanted:
            lines.append(f"{name}: only {row['streams']} streams, for each "
                         "needs a process of its own")
        if not row["all_open"]:
            lines.append(f"{name}: not all streams had begun when the "
                         f"measurement did ({row['open_when_measured']} "
                         "were open at its end)")
        if row["failures"]:
            lines.append(f"{name}: failed: {row['failures']} "
                         f"{row['first_failure'][:160]}")
        if row["others_cores"] > QUIET_CORES:
            lines.append(f"{name}: other programs took "
                         f"{row['others_cores']:.2f} of a core meanwhile: "
                         "do not trust its delays, nor quite its CPU time")
        lines.append(f"{name}: a whole turn costs {row['app_turn_us']:.0f} us"
                     f" (app) and {row['nginx_turn_us']:.0f} us (nginx)")
    return lines
