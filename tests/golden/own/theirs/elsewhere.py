def somewhere_else(x):
    return x
