"""Running jobs: admission, attempts, supervision, output, schedules."""
