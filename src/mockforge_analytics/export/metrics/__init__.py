"""What Prometheus scrapes: counters of the traffic since the start of the process, and how the service is doing."""
