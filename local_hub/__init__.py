"""The embedded Jobs hub: HTTP API, store, runner, scheduler, buckets. Imports no other room but `hub_contract`."""
