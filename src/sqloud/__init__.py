"""Ask, change and embed cloud infrastructure with SQL."""
