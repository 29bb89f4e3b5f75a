"""What services and frontends share: contracts of events and plumbing. Nothing here knows a service or an authority."""
