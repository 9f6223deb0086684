"""What PyTorch computes slowly on a CPU, computed in fewer passes."""
