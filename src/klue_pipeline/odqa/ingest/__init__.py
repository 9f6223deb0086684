"""Raw questions in any known format -> the table of questions, and what cannot be used."""
