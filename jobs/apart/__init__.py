"""Work on strangers' texts that keeps nobody waiting: in a thread, or in a process that has nothing of ours."""
