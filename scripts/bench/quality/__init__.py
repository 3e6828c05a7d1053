"""How good matching is: data, competitors' recipes, and one table."""
