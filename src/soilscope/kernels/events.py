"""Drought events of a series by run theory."""

import numpy as np

from soilscope.kernels.compile import kernel


@kernel
def _follows(x, month, i):
    """Whether position `i` holds a value of the month right after the one before."""
    return i < x.size and np.isfinite(x[i]) and month[i] - month[i - 1] == 1


@kernel
def _run_end(x, month, start, bound):
    """Last position of the run of values <= `bound` that starts at `start`."""
    i = start
    while _follows(x, month, i + 1) and x[i + 1] <= bound:
        i += 1
    return i


@kernel
def _next_onset(x, month, end, threshold, pool_gap):
    """Position of an onset at most `pool_gap` months of recovery after `end`, or -1."""
    i = end + 1
    while i <= end + pool_gap + 1 and _follows(x, month, i):
        if x[i] <= threshold:
            return i
        i += 1
    return -1


@kernel
def find_events(x, month, threshold, end_threshold, min_duration, pool_gap, events):
    """Write the events of the series `x` (n_time,) to `events` (n, 6); return how many there are.

    An event starts at the first value <= `threshold` and lasts until the value before the first
    one > `end_threshold`. A missing value, or a gap in the calendar (`month` (n_time,) counts
    months), ends it. Events with at most `pool_gap` months of recovery between them are one. An
    event is censored if it touches an end of the record, a missing value or a gap.

    Columns: first and last position, duration, severity (sum of threshold - x), lowest value,
    censored.
    """
    count = 0
    i = 0
    while i < x.size:
        if not (np.isfinite(x[i]) and x[i] <= threshold):
            i += 1
            continue
        begin = i
        end = _run_end(x, month, begin, end_threshold)
        onset = _next_onset(x, month, end, threshold, pool_gap)
        while onset >= 0:
            end = _run_end(x, month, onset, end_threshold)
            onset = _next_onset(x, month, end, threshold, pool_gap)
        i = end + 1
        if end - begin + 1 < min_duration:
            continue
        severity = 0.0
        lowest = np.inf
        for k in range(begin, end + 1):
            severity += threshold - x[k]
            lowest = min(lowest, x[k])
        starts_known = begin > 0 and _follows(x, month, begin) and np.isfinite(x[begin - 1])
        events[count, 0] = begin
        events[count, 1] = end
        events[count, 2] = end - begin + 1
        events[count, 3] = severity
        events[count, 4] = lowest
        events[count, 5] = not (starts_known and _follows(x, month, end + 1))
        count += 1
    return count


@kernel
def summarise_events(x, month, threshold, end_threshold, min_duration, pool_gap, out, n_obs):
    """Summarise the events of each column of `x` (n_time, n_series).

    `out` (8, n_series): number, mean and largest duration, mean and largest severity, mean
    intensity, lowest value, number of censored events; `n_obs` (n_series,): valid values.
    """
    n, n_series = x.shape
    events = np.empty((n // 2 + 1, 6))
    series = np.empty(n)
    for s in range(n_series):
        valid = 0
        for i in range(n):
            series[i] = x[i, s]
            valid += np.isfinite(series[i])
        n_obs[s] = valid
        if valid == 0:
            out[:, s] = np.nan
            continue
        count = find_events(series, month, threshold, end_threshold, min_duration, pool_gap, events)
        duration = 0.0
        longest = 0.0
        severity = 0.0
        worst = 0.0
        intensity = 0.0
        lowest = np.inf
        censored = 0.0
        for e in range(count):
            duration += events[e, 2]
            longest = max(longest, events[e, 2])
            severity += events[e, 3]
            worst = max(worst, events[e, 3])
            intensity += events[e, 3] / events[e, 2]
            lowest = min(lowest, events[e, 4])
            censored += events[e, 5]
        out[0, s] = count
        out[7, s] = censored
        if count == 0:
            out[1:7, s] = np.nan
            continue
        out[1, s] = duration / count
        out[2, s] = longest
        out[3, s] = severity / count
        out[4, s] = worst
        out[5, s] = intensity / count
        out[6, s] = lowest
