"""People work on differences: who has one, what was said, how it was explained and by whose leave."""
