//! Gradients of one centre as rows `[x of every neighbor, y…, z…, centre (3), strain (Voigt, 6)]`.

use crate::centers::Neighbor;

/// Entries of a row behind those of the neighbors: d/dr of the centre (3) and d/dε (6).
pub(crate) const EXTRA: usize = 9;

/// Lanes of the sums over neighbors: enough that the compiler uses vectors.
const LANES: usize = 4;

/// Components of vectors r_ij, axis by axis.
pub(crate) fn by_axis(neighbors: &[Neighbor], out: &mut [Vec<f64>; 3]) {
    for (axis, list) in out.iter_mut().enumerate() {
        list.clear();
        list.extend(neighbors.iter().map(|neighbor| neighbor.vector[axis]));
    }
}

/// Fills in the centre and strain columns of a row from its gradients on the neighbors, whose `vectors` are given
/// axis by axis: what [`add_edge`] does one by one.
pub(crate) fn sum_edges(row: &mut [f64], vectors: &[Vec<f64>; 3]) {
    let n = vectors[0].len();
    let (grads, extra) = row.split_at_mut(3 * n);
    let mut sums = [[0.0; LANES]; EXTRA];
    for start in (0..n).step_by(LANES) {
        let (mut g, mut r) = ([[0.0; LANES]; 3], [[0.0; LANES]; 3]);
        let end = (start + LANES).min(n);
        for x in 0..3 {
            g[x][..end - start].copy_from_slice(&grads[x * n + start..x * n + end]);
            r[x][..end - start].copy_from_slice(&vectors[x][start..end]);
        }
        for lane in 0..LANES {
            for x in 0..3 {
                sums[x][lane] -= g[x][lane];
                sums[3 + x][lane] += g[x][lane] * r[x][lane];
            }
            for (k, (x, y)) in [(1, 2), (0, 2), (0, 1)].into_iter().enumerate() {
                sums[6 + k][lane] += 0.5 * (g[x][lane] * r[y][lane] + g[y][lane] * r[x][lane]);
            }
        }
    }
    for (extra, lanes) in extra.iter_mut().zip(sums) {
        *extra = lanes.iter().sum();
    }
}

/// Adds one neighbor's gradient to a row of `n` neighbors, and to its centre and strain columns.
#[inline]
pub(super) fn add_edge(row: &mut [f64], n: usize, position: usize, grad: &[f64; 3], vector: &[f64; 3]) {
    for x in 0..3 {
        row[x * n + position] += grad[x];
        row[3 * n + x] -= grad[x];
        row[3 * n + 3 + x] += grad[x] * vector[x];
    }
    for (k, (x, y)) in [(1, 2), (0, 2), (0, 1)].into_iter().enumerate() {
        row[3 * n + 6 + k] += 0.5 * (grad[x] * vector[y] + grad[y] * vector[x]);
    }
}

/// Adds `weight` times a row to a design column: forces (with the minus sign) and strain derivatives.
pub(crate) fn scatter(neighbors: &[Neighbor], center: usize, weight: f64, row: &[f64], column: &mut [f64]) {
    let n = neighbors.len();
    let (x, rest) = row.split_at(n);
    let (y, rest) = rest.split_at(n);
    let (z, rest) = rest.split_at(n);
    debug_assert_eq!(rest.len(), EXTRA);
    for (position, neighbor) in neighbors.iter().enumerate() {
        let force = &mut column[1 + 3 * neighbor.atom..][..3];
        force[0] -= weight * x[position];
        force[1] -= weight * y[position];
        force[2] -= weight * z[position];
    }
    for k in 0..3 {
        column[1 + 3 * center + k] -= weight * rest[k];
    }
    let end = column.len() - 6;
    for k in 0..6 {
        column[end + k] += weight * rest[3 + k];
    }
}
