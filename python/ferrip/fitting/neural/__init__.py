"""Training of neural networks beside a linear potential.

The networks learn what the linear fit leaves of energies, forces and stresses, under the same weights. Gradients of
their inputs on all edges are found once, so that an epoch is matrix products in torch, and forces are exact.
This package needs torch and is only imported where a network is trained; `settings` does not.
"""
