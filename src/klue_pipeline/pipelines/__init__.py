"""What happens, in which order, on which datasets; how it is done is the library beside it."""
