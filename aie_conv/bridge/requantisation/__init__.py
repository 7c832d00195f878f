"""What stands between a sum and bytes, as integer arithmetic that the cores have vectors for."""
