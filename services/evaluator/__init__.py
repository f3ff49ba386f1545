"""Reports on versions. Events in: training.succeeded, correction.saved. Out: report.completed."""
