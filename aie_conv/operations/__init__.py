"""What stands between contractions, on the array: element-wise operations, windows, reductions, moves."""
