"""The inventory of the simulated DigitalOcean: one account, the same every time."""
