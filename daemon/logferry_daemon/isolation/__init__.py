"""What is read where it can do no harm: a child process with caps. Only it and its adapter import this."""
