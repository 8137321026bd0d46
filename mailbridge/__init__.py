"""Mail in and out: the listener, the worker and the mirror."""
