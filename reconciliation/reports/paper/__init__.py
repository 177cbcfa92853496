"""Reports on paper. Only lengths are reckoned here, in points; every figure comes as it is shown."""
