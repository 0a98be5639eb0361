//! The one-particle basis of a centre with neighbors side by side: every row of gradients is written and summed in one go.

use super::layout::{Half, Layout};
use super::rows::{EXTRA, LANES, add_lanes};
use crate::centers::Neighbor;
use crate::spherical::{HarmonicsAt, index};

/// A number per neighbor.
type Wide = [f64; LANES];

/// A harmonic: value and gradient with respect to r_ij (1/Å), real and imaginary part each.
#[derive(Debug, Clone, Copy, Default)]
struct Harmonic {
    value: [Wide; 2],
    gradient: [[Wide; 3]; 2],
}

/// Radial functions and harmonics of all neighbors in chunks; those of unused lanes are 0.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    n_chunks: usize,
    /// Value and slope (1/Å) of every channel, `[channel][chunk]`.
    radial: Vec<[Wide; 2]>,
    /// `[harmonic][chunk]`
    harmonics: Vec<Harmonic>,
    /// Unit vectors and vectors (Å) to the neighbors, `[chunk]`.
    geometry: Vec<[[Wide; 3]; 2]>,
    at: HarmonicsAt,
}

impl Lanes {
    /// Leaves no neighbors, and room for some.
    pub fn clear(&mut self, n_neighbors: usize, n_channels: usize) {
        self.n_chunks = n_neighbors.div_ceil(LANES);
        self.radial.clear();
        self.radial.resize(n_channels * self.n_chunks, [[0.0; LANES]; 2]);
        self.geometry.clear();
        self.geometry.resize(self.n_chunks, [[[0.0; LANES]; 3]; 2]);
        self.harmonics.clear();
    }

    /// Sets the neighbor at a place with the values and slopes of its radial functions.
    pub fn set(&mut self, place: usize, neighbor: &Neighbor, radial: [&[f64]; 2], layout: &Layout) {
        let (chunk, lane) = (place / LANES, place % LANES);
        let r = neighbor.distance;
        let u = neighbor.vector.map(|v| v / r);
        let channels = self.radial.iter_mut().skip(chunk).step_by(self.n_chunks);
        for (channel, (f, d)) in channels.zip(radial[0].iter().zip(radial[1])) {
            (channel[0][lane], channel[1][lane]) = (*f, *d);
        }
        for (x, (unit, vector)) in u.into_iter().zip(neighbor.vector).enumerate() {
            self.geometry[chunk][0][x][lane] = unit;
            self.geometry[chunk][1][x][lane] = vector;
        }
        layout.harmonics.evaluate(u, &mut self.at);
        self.harmonics.resize(self.at.value.len() * self.n_chunks, Harmonic::default());
        let harmonics = self.harmonics.iter_mut().skip(chunk).step_by(self.n_chunks);
        for (harmonic, (value, g)) in harmonics.zip(self.at.value.iter().zip(&self.at.gradient)) {
            for c in 0..2 {
                harmonic.value[c][lane] = value[c];
                // (g − û (û·g)) / r, from the gradient g with respect to the unit vector
                let along = u[0] * g[0][c] + u[1] * g[1][c] + u[2] * g[2][c];
                for x in 0..3 {
                    harmonic.gradient[c][x][lane] = (g[x][c] - u[x] * along) / r;
                }
            }
        }
    }

    /// Adds all `n` neighbors to the entries `a` (real, imaginary), and writes their gradients into the two rows of
    /// each entry, with those of the centre and of strain.
    pub fn write(&self, entries: &[Half], a: &mut [f64], matrix: &mut [f64], n: usize) {
        #[cfg(target_arch = "x86_64")]
        if std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma") {
            // SAFETY: the CPU has AVX2 and FMA, as just asked.
            #[expect(unsafe_code, reason = "entry into a function compiled for AVX2")]
            return unsafe { self.write_avx2(entries, a, matrix, n) };
        }
        self.write_body(entries, a, matrix, n);
    }

    /// # Safety
    /// The processor has AVX2 and FMA.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    #[expect(unsafe_code, reason = "safe functions with target features came after Rust 1.85")]
    unsafe fn write_avx2(&self, entries: &[Half], a: &mut [f64], matrix: &mut [f64], n: usize) {
        self.write_body(entries, a, matrix, n);
    }

    #[inline(always)]
    fn write_body(&self, entries: &[Half], a: &mut [f64], matrix: &mut [f64], n: usize) {
        let rows = matrix.chunks_exact_mut(2 * (3 * n + EXTRA));
        for ((entry, a), rows) in entries.iter().zip(a.chunks_exact_mut(2)).zip(rows) {
            for (c, row) in rows.chunks_exact_mut(3 * n + EXTRA).enumerate() {
                a[c] += self.write_row(*entry, c, row, n);
            }
        }
    }

    /// Part `c` (real, imaginary) of an entry; returns its sum over the neighbors.
    #[inline(always)]
    fn write_row(&self, entry: Half, c: usize, row: &mut [f64], n: usize) -> f64 {
        let chunks = |list: usize| list * self.n_chunks..(list + 1) * self.n_chunks;
        let radial = &self.radial[chunks(usize::from(entry.channel))];
        let harmonics = &self.harmonics[chunks(index(usize::from(entry.l), usize::from(entry.m)))];
        let (grads, extra) = row.split_at_mut(3 * n);
        let (gx, rest) = grads.split_at_mut(n);
        let (gy, gz) = rest.split_at_mut(n);
        let mut axes = [gx, gy, gz];
        let (mut sum, mut sums) = ([0.0; LANES], [[0.0; LANES]; EXTRA]);
        let functions = radial.iter().zip(harmonics).zip(&self.geometry);
        for (q, (([f, d], harmonic), [units, vectors])) in functions.enumerate() {
            let y = &harmonic.value[c];
            let mut gradient = [[0.0; LANES]; 3];
            for lane in 0..LANES {
                sum[lane] += f[lane] * y[lane];
                for x in 0..3 {
                    gradient[x][lane] =
                        d[lane] * y[lane] * units[x][lane] + f[lane] * harmonic.gradient[c][x][lane];
                }
            }
            add_lanes(&mut sums, &gradient, vectors);
            for (axis, gradient) in axes.iter_mut().zip(&gradient) {
                let out = &mut axis[q * LANES..];
                match out.first_chunk_mut() {
                    Some(out) => *out = *gradient,
                    None => out.copy_from_slice(&gradient[..out.len()]),
                }
            }
        }
        for (extra, lanes) in extra.iter_mut().zip(sums) {
            *extra = lanes.iter().sum();
        }
        sum.iter().sum()
    }
}
