"""Cross-encoders, which read question and passage together and order the best passages anew."""
