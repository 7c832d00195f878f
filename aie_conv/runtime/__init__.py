"""What runs an artifact: devices, the amd_aie VM module, the packed executable."""
