"""What stands between a sum and bytes, as exact integer arithmetic that the cores have vectors for."""
