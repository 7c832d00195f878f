"""The dataflow over the array that the NPU's routes share.

Columns of cores take tiles of output pixels, rows take slices of output channels. A route adds what
its cores multiply: which addresses make a tile of the input, how a mem tile blocks it, the kernel.
"""
