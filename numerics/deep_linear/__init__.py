"""Deep linear networks: flows, descent, saddles, laws at any width, infinite width, regularisation paths."""
