"""Pictures of what was compiled: the simulator's timelines as a trace and as a page."""
