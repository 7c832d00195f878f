"""Operations of random shapes, layouts and types, and what torch makes of them."""
