"""One reader of command lines: which programs a job runs, with which words and variables, however they are wrapped."""
