"""Jobs of whylogs. Without NumPy in its environment: it tracks a row a third faster so."""

from whylogs.core import DatasetProfile

VERSIONS = ["whylogs", "whylogs-sketching"]


def track(data):
    """Track a row, so many times; the result is how often each feature was counted in that."""
    row, times = data
    profile = DatasetProfile()

    def counted():
        view = profile.view()
        return {name: view.get_column(name).to_summary_dict()["counts/n"] for name in row}

    before = dict.fromkeys(row, 0)

    def run():
        for _ in range(times):
            profile.track(row)

    def result():
        now = counted()
        rise = {name: now[name] - before[name] for name in row}
        before.update(now)
        return rise

    return run, result


JOBS = {"track": track}
