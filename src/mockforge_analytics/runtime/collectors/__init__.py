"""Reading Prometheus servers and targets into a database."""
