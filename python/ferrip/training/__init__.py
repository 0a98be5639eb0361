"""Training of torch modules on energies, forces and strain derivatives, whatever they compute.

`samples` holds labelled frames as tensors and their squared error, `loop` the optimisation, `held_out` the frames that
choose an epoch, `settings` what users can set. All but `settings` and `held_out` need torch.
"""
