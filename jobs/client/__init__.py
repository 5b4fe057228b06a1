"""The client of a hub's Jobs and buckets API: requests with limits, typed models, errors mapped to ours."""
