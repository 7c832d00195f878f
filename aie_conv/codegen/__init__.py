"""Core microkernels as IR text, shared by every route: the matrix product and the epilogue.

One source serves the simulator and the device. Buffers are 1-D memrefs (vector loads of i8 need a
flat, aligned memref to stay vector loads), blocks of a matrix instruction lie contiguously.
"""
