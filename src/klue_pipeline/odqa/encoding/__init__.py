"""Questions with passages as windows of tokens that a reader takes."""
