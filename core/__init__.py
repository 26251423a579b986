"""Everything of nnlab that computes; prints nothing and knows no terminal."""
