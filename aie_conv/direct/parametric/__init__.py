"""Direct convolution by one program for many shapes: the sizes of a tile are run-time parameters.

A layout of the cores' memory (:class:`aie_conv.direct.parametric.layout.L1Layout`) fixes the bytes of objects
that FIFOs carry. Whatever fits them, a 3x3 window as well as a 1x1 one, runs in the same configuration of the
array, so that a network needs few configurations.
"""
