"""A catalogue item's rules: which faults a row has, and how much of it is filled."""
