"""What a program takes: schedules of core code, the memory that all share, the timeline."""
