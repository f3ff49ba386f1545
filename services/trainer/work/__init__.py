"""Long work: leasing trainings, running each in a process, delivering what it made."""
