"""The device IR: its operations, their text, and the light values that simulator and verifier read."""
