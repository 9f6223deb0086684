"""What a run is: lab book, parameters, graph shape, lineage, records, what is on disk."""
