"""Read-only counts and lists for staff, across the rooms below."""
