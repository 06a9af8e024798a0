"""One fill from request to result: registry, plan, composite, jobs. No Qt."""
