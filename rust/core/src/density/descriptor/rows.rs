//! Gradients of one centre as rows `[x of every neighbor, y…, z…, centre (3), strain (Voigt, 6)]`.

use crate::centers::Neighbor;

/// Entries of a row behind those of the neighbors: d/dr of the centre (3) and d/dε (6).
pub(crate) const EXTRA: usize = 9;

/// Lanes of the sums over neighbors: enough that the compiler uses vectors.
pub(super) const LANES: usize = 4;

/// Components of vectors r_ij, axis by axis.
pub(crate) fn by_axis(neighbors: &[Neighbor], out: &mut [Vec<f64>; 3]) {
    for (axis, list) in out.iter_mut().enumerate() {
        list.clear();
        list.extend(neighbors.iter().map(|neighbor| neighbor.vector[axis]));
    }
}

/// Fills in the centre and strain columns of rows behind one another from their gradients on the neighbors, whose
/// `vectors` are given axis by axis: what [`add_edge`] does one by one.
pub(crate) fn sum_edges(rows: &mut [f64], vectors: &[Vec<f64>; 3]) {
    #[cfg(target_arch = "x86_64")]
    if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
        // SAFETY: the CPU has AVX2 and FMA, as just asked.
        #[expect(unsafe_code, reason = "entry into a function compiled for AVX2")]
        return unsafe { sum_edges_avx2(rows, vectors) };
    }
    sum_edges_body(rows, vectors);
}

/// # Safety
/// The processor has AVX2 and FMA.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
#[expect(unsafe_code, reason = "safe functions with target features came after Rust 1.85")]
unsafe fn sum_edges_avx2(rows: &mut [f64], vectors: &[Vec<f64>; 3]) {
    sum_edges_body(rows, vectors);
}

#[inline(always)]
fn sum_edges_body(rows: &mut [f64], vectors: &[Vec<f64>; 3]) {
    let n = vectors[0].len();
    let [vx, vy, vz] = vectors;
    for row in rows.chunks_exact_mut(3 * n + EXTRA) {
        let (grads, extra) = row.split_at_mut(3 * n);
        let (gx, rest) = grads.split_at(n);
        let (gy, gz) = rest.split_at(n);
        let mut sums = [[0.0; LANES]; EXTRA];
        let whole = n - n % LANES;
        for k in (0..whole).step_by(LANES) {
            let at = |list: &[f64]| -> [f64; LANES] { std::array::from_fn(|lane| list[k + lane]) };
            add_lanes(&mut sums, &[at(gx), at(gy), at(gz)], &[at(vx), at(vy), at(vz)]);
        }
        if whole < n {
            let at = |list: &[f64]| -> [f64; LANES] {
                std::array::from_fn(|lane| list.get(whole + lane).copied().unwrap_or(0.0))
            };
            add_lanes(&mut sums, &[at(gx), at(gy), at(gz)], &[at(vx), at(vy), at(vz)]);
        }
        for (extra, lanes) in extra.iter_mut().zip(sums) {
            *extra = lanes.iter().sum();
        }
    }
}

/// Adds gradients g on neighbors at r to the sums, lane by lane.
#[inline(always)]
pub(super) fn add_lanes(sums: &mut [[f64; LANES]; EXTRA], g: &[[f64; LANES]; 3], r: &[[f64; LANES]; 3]) {
    for x in 0..3 {
        for lane in 0..LANES {
            sums[x][lane] -= g[x][lane];
            sums[3 + x][lane] += g[x][lane] * r[x][lane];
        }
    }
    for (k, (x, y)) in [(1, 2), (0, 2), (0, 1)].into_iter().enumerate() {
        for lane in 0..LANES {
            sums[6 + k][lane] += 0.5 * (g[x][lane] * r[y][lane] + g[y][lane] * r[x][lane]);
        }
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
