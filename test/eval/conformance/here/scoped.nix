fromScope + 1
