"""Graph networks in torch on ferrip's neighbor lists.

`architectures` names the networks, each a module of torch beside its parts (`radial`, `coupling`); `model` turns their
energies into forces and strain derivatives, `evaluator` is what a potential computes with, `training` fits.
`descriptor` stands for the network in potentials and model files and needs no torch.
"""
