"""creditlab: deliveries of public credit information in, measures out, every figure recomputable."""
