"""The composition root: the only place that puts sources, rollup, store and query together."""
