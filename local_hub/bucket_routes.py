"""The bucket half of the Hub's API."""

from starlette.routing import Route

from local_hub.buckets import Buckets


def routes(buckets: Buckets) -> list[Route]:
    """Return the routes that serve `buckets`; who may call them is the app's business."""
    return []
