"""What a program computes: core code as native code, data moving through the array."""
