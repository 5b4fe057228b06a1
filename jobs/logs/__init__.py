"""Reading, searching and paging a job's log within bounds."""
