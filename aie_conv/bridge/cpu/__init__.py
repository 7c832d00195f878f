"""What IREE's CPU backend makes of a dispatch, and how much work that is."""
