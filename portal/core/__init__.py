"""What every room stands on: database, clock, tokens, errors. No word of the trade."""
