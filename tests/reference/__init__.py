"""A plain, slow, row-by-row count of what creditlab should find; it never imports creditlab."""
