"""What a user reads of a compilation: the JSON report, the page, the trace, the explanation."""
