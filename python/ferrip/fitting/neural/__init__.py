"""Training of neural networks beside a linear potential, on the same labels with the same weights.

Gauss-Newton steps (`gauss_newton`) need numpy alone; `adam` trains on what the linear fit leaves and needs torch.
Gradients of the inputs on all edges are found once, so that a step is products of matrices, and forces are exact.
"""
