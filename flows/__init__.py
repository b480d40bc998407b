"""The only room that reads environment, clock, argv or Prefect: it strings the other rooms together."""
