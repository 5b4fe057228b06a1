"""What the tools answer: jobs and schedules as they are shown, and how a reply is kept small and told in parts."""
