"""Pure rules of evaluation: matching, metrics, analyses and the words of a report. No I/O."""
