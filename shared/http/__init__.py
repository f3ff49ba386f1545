"""The HTTP face of a service: app factory, authentication, problems, paging, ETags, health."""
