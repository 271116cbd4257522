"""The same fits by us and by other packages, on this machine: ``make bench``, or ``python -m benchmarks --help``."""
