"""How long after the layer above a drought begins."""

import numpy as np

from soilscope.kernels.compile import kernel
from soilscope.kernels.events import find_events

NONE, UNKNOWN = -1, -2  # in place of a delay


@kernel
def _quantile(ordered, share):
    """Quantile of ascending values, linear between them (type 7)."""
    at = share * (ordered.size - 1)
    low = int(np.floor(at))
    high = min(low + 1, ordered.size - 1)
    return ordered[low] + (at - low) * (ordered[high] - ordered[low])


@kernel
def _delay(begin, lower, month, onset, max_delay):
    """Months from position `begin` to the first onset of the lower series.

    `NONE`: no onset within `max_delay` months; `UNKNOWN`: a value is missing before this is known.
    """
    for i in range(begin, lower.size):
        if i > begin and month[i - 1] - month[begin] >= max_delay:
            return NONE
        if not np.isfinite(lower[i]) or (i > begin and month[i] - month[i - 1] != 1):
            return UNKNOWN
        if onset[i]:
            return month[i] - month[begin]
    return NONE if month[-1] - month[begin] >= max_delay else UNKNOWN


@kernel
def _chance(lower, onset, dry, max_delay):
    """Share of months without a drought under way that an onset follows within `max_delay`.

    Onsets come at their mean rate: among the months in which no drought is under way at first, then
    among those after a month without drought (the month after a drought never begins one).
    """
    count, now, later = 0, 0, 0
    for i in range(lower.size):
        if not np.isfinite(lower[i]):
            continue
        count += onset[i]
        now += onset[i] or not dry[i]
        later += i > 0 and not dry[i - 1]
    if now == 0 or later == 0:
        return np.nan
    return 1.0 - (1.0 - count / now) * (1.0 - min(1.0, count / later)) ** max_delay


@kernel
def _find_dry(series, month, rule, events, onset, dry):
    """Mark the months in which a drought begins, and those in which one is under way."""
    onset[:] = False
    dry[:] = False
    for e in range(find_events(series, month, *rule, events)):
        onset[int(events[e, 0])] = True
        dry[int(events[e, 0]) : int(events[e, 1]) + 1] = True


@kernel
def _is_first(series, month, begin):
    """Whether the month before `begin` has a value, so that the drought is known to begin there."""
    return begin > 0 and month[begin] - month[begin - 1] == 1 and np.isfinite(series[begin - 1])


@kernel
def _follow(upper, lower, month, rule, max_delay, events, onset, dry, delays):
    """Write the delays of droughts of `upper` that reach `lower`.

    Returns how many droughts count, how many of them reach it, and how many are left out because a
    drought is under way below.
    """
    counted, reached, under_way = 0, 0, 0
    for e in range(find_events(upper, month, *rule, events)):
        begin = int(events[e, 0])
        if not _is_first(upper, month, begin):
            continue
        if dry[begin] and not onset[begin]:
            under_way += 1
            continue
        delay = _delay(begin, lower, month, onset, max_delay)
        if delay == UNKNOWN:
            continue
        counted += 1
        if delay != NONE:
            delays[reached] = delay
            reached += 1
    return counted, reached, under_way


@kernel
def onset_delays(uppers, lowers, month, rule, max_delay, min_onsets, out, n_obs):
    """Summarise, for each column, how long after `uppers` droughts begin in `lowers`.

    `uppers`, `lowers` (n_time, n_series); `rule`: threshold, end threshold, shortest duration and
    pooled gap of `find_events`. `out` (7, n_series): median delay and its quartiles (months), share
    of onsets that reach the lower series within `max_delay` months, the same share if onsets were
    unrelated, number of onsets that count, number of onsets with a drought already under way below;
    `n_obs` (n_series,): months with both values.
    """
    n, n_series = uppers.shape
    events = np.empty((n // 2 + 1, 6))
    upper, lower = np.empty(n), np.empty(n)
    onset, dry = np.empty(n, dtype=np.bool_), np.empty(n, dtype=np.bool_)
    delays = np.empty(n // 2 + 1)
    for s in range(n_series):
        both = 0
        for i in range(n):
            upper[i], lower[i] = uppers[i, s], lowers[i, s]
            both += np.isfinite(upper[i]) and np.isfinite(lower[i])
        n_obs[s] = both
        out[:, s] = np.nan
        if both == 0:
            continue
        _find_dry(lower, month, rule, events, onset, dry)
        counted, reached, out[6, s] = _follow(
            upper, lower, month, rule, max_delay, events, onset, dry, delays
        )
        out[5, s] = counted
        if counted < min_onsets:
            continue
        out[3, s] = reached / counted
        out[4, s] = _chance(lower, onset, dry, max_delay)
        if reached > 0:
            ordered = np.sort(delays[:reached])
            out[0, s] = _quantile(ordered, 0.5)
            out[1, s] = _quantile(ordered, 0.25)
            out[2, s] = _quantile(ordered, 0.75)
