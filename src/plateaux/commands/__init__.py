"""What the commands of `plateaux` do; imported only when one runs."""
