"""The front doors: the command line, the shell, the library's connections. Each is independent of the others."""
