"""An invented center, built through the real services. Nobody in it exists."""
