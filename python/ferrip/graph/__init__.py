"""Graph networks in torch on ferrip's neighbor lists.

`radial` and `painn` are modules of torch, `model` turns their energies into forces and strain derivatives, `evaluator`
is what a potential computes with, `training` fits. `descriptor` stands for the network in potentials and model files
and needs no torch.
"""
