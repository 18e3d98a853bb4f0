"""Jobs of whylogs. Without NumPy in its environment: it tracks a row a third faster so."""

from whylogs.core import DatasetProfile

VERSIONS = ["whylogs", "whylogs-sketching"]


def track(data):
    """Track a row, so many times; the result is how often one call has counted each feature."""
    row, times = data
    profile = DatasetProfile()
    calls = [0]

    def run():
        calls[0] += 1
        for _ in range(times):
            profile.track(row)

    def result():
        view = profile.view()
        counts = {name: view.get_column(name).to_summary_dict()["counts/n"] for name in row}
        return {name: count / calls[0] for name, count in counts.items()}

    return run, result


JOBS = {"track": track}
