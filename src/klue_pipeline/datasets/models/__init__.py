"""Models, their tokenizers, and the folders in which they are trained."""
