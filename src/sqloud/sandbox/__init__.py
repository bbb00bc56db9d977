"""A simulated cloud, held to the specification of the real one."""
