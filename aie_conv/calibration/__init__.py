"""The cycle model held against measurements: kernels, transfers and arrays that others have published.

>>> predict(read_rows(path), machine)  # doctest: +SKIP
"""
