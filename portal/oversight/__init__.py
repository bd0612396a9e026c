"""Staff tasks, incidents, complaints, restrictions, reviews, retention."""
