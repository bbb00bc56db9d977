"""A simulated cloud, served from the same provider documents as the real one."""
