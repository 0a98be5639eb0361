//! Batches of atoms: from sums with neighbors in lanes to numbers with atoms in lanes, and back to forces.

use crate::simd::{MAX_LANES, Simd};

use super::block::{BlockOutput, slot};

/// Vectors of atoms per batch: weights and indices are read once for all of them.
pub const VECTORS: usize = 2;

/// A real number of every atom of a batch.
pub type Batch<S> = [S; VECTORS];

/// Takes the sums of one vector of atoms, lane by lane of neighbors, to lanes of atoms; only the first `n_atoms` are
/// there, the others get 0.
#[inline(always)]
pub(crate) fn sums_to_batch<S: Simd>(
    sums: &mut [Vec<S>],
    n_atoms: usize,
    vector: usize,
    out: &mut [Batch<S>],
) {
    for unused in &mut sums[n_atoms..] {
        unused.clear();
        unused.resize(out.len(), S::zero());
    }
    for (k, sum) in out.iter_mut().enumerate() {
        let mut block = S::zero_block();
        for (lane, sums) in sums.iter().enumerate() {
            block[lane] = sums[k];
        }
        sum[vector] = S::reduce(block);
    }
}

/// Numbers of a batch as `[number][atom of the batch]`.
#[inline(always)]
pub(crate) fn store_batch<S: Simd>(batch: &[Batch<S>], out: &mut Vec<f64>) {
    out.resize(batch.len() * VECTORS * S::LANES, 0.0);
    for (place, number) in out.chunks_exact_mut(S::LANES).zip(batch.iter().flatten()) {
        number.store(place);
    }
}

/// Hands the gradients in r_ij of one vector of neighbors on: to the force on the centre, to the strain derivative
/// and to the forces on the neighbors, which lie at `r` along `unit`. (Not a closure: it would lose the backend's
/// instructions.)
#[inline(always)]
pub(crate) fn add_vector<S: Simd>(
    gradient: [S; 3],
    (unit, r): (&[S; 3], S),
    neighbors: &[u32],
    own: &mut [S; 3],
    strain: &mut [[S; 3]; 3],
    slots: &mut [u32],
    out: &mut BlockOutput,
) {
    let mut lanes = [[0.0; MAX_LANES]; 3];
    for a in 0..3 {
        own[a] = own[a].add(gradient[a]);
        gradient[a].store(&mut lanes[a]);
        let pull = gradient[a].mul(r);
        for b in 0..3 {
            strain[a][b] = pull.mul_add(unit[b], strain[a][b]);
        }
    }
    for (k, &neighbor) in neighbors.iter().enumerate().take_while(|&(_, &j)| j != u32::MAX) {
        let force = slot(neighbor, slots, out);
        for axis in 0..3 {
            force[axis] -= lanes[axis][k];
        }
    }
}
