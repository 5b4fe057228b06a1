"""What a job is: the request, its checks, and the specification that is sent."""
