"""What happens, in which order, on which datasets; how it is done lives in the library beside it."""
