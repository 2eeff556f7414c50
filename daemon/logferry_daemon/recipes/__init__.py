"""Games as data: a recipe a game, and the one engine that runs them."""
