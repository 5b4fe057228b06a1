"""The Jobs and scheduled-jobs routes, as the Hub has them."""
