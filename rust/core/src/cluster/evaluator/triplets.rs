//! Triplet energies of one centre, with the four functions along r_jk in lanes.

use crate::simd::Simd;

use super::kernel::TripletKernel;
use super::shell::Shell;
use super::table::Functions;

/// Numbers by which columns are longer than they have neighbors, for whole vectors at the end.
const PADDING: usize = 8;

/// Values and slopes of the four functions of a neighbor along its distance from the centre.
#[derive(Debug, Clone, Copy, Default)]
struct Basis {
    /// First of the functions.
    first: usize,
    value: [f64; 4],
    slope: [f64; 4],
}

/// The neighbors of a centre that matter in triplets, by species, with the gradients of the energy.
#[derive(Debug, Default)]
pub struct Triplets {
    /// Components of r_ij, Å.
    pub vectors: [Vec<f64>; 3],
    /// Index of the atom.
    pub atoms: Vec<u32>,
    /// Gradient with respect to r_ij, eV/Å.
    pub gradients: [Vec<f64>; 3],
    distances: Vec<f64>,
    /// Derivative with respect to |r_ij|, eV/Å.
    radial: Vec<f64>,
    /// First neighbor of each species, and the number of neighbors at the end.
    offsets: Vec<usize>,
    bases: [Vec<Basis>; 2],
}

impl Triplets {
    /// Takes the place of another centre.
    #[inline(always)]
    pub fn fill(&mut self, shells: &[Shell]) {
        self.offsets.clear();
        self.offsets.push(0);
        self.atoms.clear();
        self.distances.clear();
        self.vectors.iter_mut().for_each(Vec::clear);
        for shell in shells {
            for n in shell.short.iter().map(|&n| n as usize) {
                for (column, from) in self.vectors.iter_mut().zip(&shell.edges.displacements) {
                    column.push(from[n]);
                }
                self.distances.push(shell.squares[n].sqrt());
                self.atoms.push(shell.edges.neighbors[n]);
            }
            self.offsets.push(self.atoms.len());
        }
        let padded = self.atoms.len() + PADDING;
        self.vectors.iter_mut().for_each(|column| column.resize(padded, 0.0));
        for column in self.gradients.iter_mut().chain([&mut self.radial]) {
            column.clear();
            column.resize(padded, 0.0);
        }
        self.bases.iter_mut().for_each(|bases| bases.resize(padded, Basis::default()));
    }

    /// Adds the triplets of one kernel: returns the energy per lane and collects the gradients.
    #[inline(always)]
    pub fn add<S: Simd>(&mut self, kernel: &TripletKernel) -> S {
        let [first, second] = kernel.species.map(|z| self.offsets[z]..self.offsets[z + 1]);
        let alike = kernel.species[0] == kernel.species[1];
        let [bases_j, bases_k] = &mut self.bases;
        prepare::<S>(&kernel.functions[0], &self.distances, first.clone(), bases_j);
        if !alike {
            prepare::<S>(&kernel.functions[1], &self.distances, second.clone(), bases_k);
        }
        let mut energy = S::zero();
        for j in first {
            let start = if alike { j + 1 } else { second.start };
            energy = energy.add(self.row::<S>(kernel, j, start..second.end, alike));
        }
        energy
    }

    /// All triplets of a neighbor j with the neighbors in `range`.
    #[inline(always)]
    fn row<S: Simd>(
        &mut self,
        kernel: &TripletKernel,
        j: usize,
        range: std::ops::Range<usize>,
        alike: bool,
    ) -> S {
        let [stride_l, stride_m] = kernel.strides;
        let basis = self.bases[0][j];
        let (values, slopes) = (splat(basis.value), splat(basis.slope));
        let [x, y, z] = &self.vectors;
        let from = [S::splat(x[j]), S::splat(y[j]), S::splat(z[j])];
        let (mut energy, mut radial_j) = (S::zero(), S::zero());
        let mut gradient_j = [S::zero(); 3];
        for k in range.clone().step_by(S::LANES) {
            let [x, y, z] = &self.vectors;
            let across =
                [S::load(&x[k..]).sub(from[0]), S::load(&y[k..]).sub(from[1]), S::load(&z[k..]).sub(from[2])];
            let square = across[0].mul_add(across[0], across[1].mul_add(across[1], across[2].mul(across[2])));
            // Unused lanes and atoms on each other: no direction, but no division by 0 either.
            let r = square.add(S::splat(f64::MIN_POSITIVE)).sqrt();
            let (bins, t) = kernel.functions[2].find(r);
            let offsets = t.lanes();
            let (mut along_k, mut along_jk) = (S::zero_block(), S::zero_block());
            for lane in 0..S::LANES.min(range.end - k) {
                let bases = &self.bases[usize::from(!alike)];
                let other = &bases[k + lane];
                let (value, slope) = kernel.functions[2].evaluate::<S>(bins[lane], offsets[lane]);
                let start = basis.first * stride_l + other.first * stride_m + bins[lane] as usize;
                let (mut sum, mut sum_j, mut sum_k) = (S::zero(), S::zero(), S::zero());
                for m in 0..4 {
                    let rows = &kernel.coefficients[start + m * stride_m..];
                    let c = [
                        S::load(rows),
                        S::load(&rows[stride_l..]),
                        S::load(&rows[2 * stride_l..]),
                        S::load(&rows[3 * stride_l..]),
                    ];
                    let (along, along_j) = (weighted(c, values), weighted(c, slopes));
                    let (b, d) = (S::splat(other.value[m]), S::splat(other.slope[m]));
                    sum = b.mul_add(along, sum);
                    sum_j = b.mul_add(along_j, sum_j);
                    sum_k = d.mul_add(along, sum_k);
                }
                energy = sum.mul_add(value, energy);
                radial_j = sum_j.mul_add(value, radial_j);
                along_k[lane] = sum_k.mul(value);
                along_jk[lane] = sum.mul(slope);
            }
            let radial = S::load(&self.radial[k..]).add(S::reduce(along_k));
            radial.store(&mut self.radial[k..]);
            let weight = S::reduce(along_jk).div(r);
            for x in 0..3 {
                let pull = weight.mul(across[x]);
                gradient_j[x] = gradient_j[x].sub(pull);
                S::load(&self.gradients[x][k..]).add(pull).store(&mut self.gradients[x][k..]);
            }
        }
        let mut block = S::zero_block();
        (block[0], block[1], block[2], block[3]) = (radial_j, gradient_j[0], gradient_j[1], gradient_j[2]);
        let sums = S::reduce(block).lanes();
        self.radial[j] += sums[0];
        for (gradient, sum) in self.gradients.iter_mut().zip(&sums[1..]) {
            gradient[j] += sum;
        }
        energy
    }

    /// Turns the derivatives along r_ij into gradients; call it after the last [`Self::add`].
    #[inline(always)]
    pub fn finish(&mut self) {
        for n in 0..self.atoms.len() {
            let along = self.radial[n] / self.distances[n];
            for x in 0..3 {
                self.gradients[x][n] += along * self.vectors[x][n];
            }
        }
    }
}

/// Four numbers in all lanes each.
#[inline(always)]
fn splat<S: Simd>(x: [f64; 4]) -> [S; 4] {
    [S::splat(x[0]), S::splat(x[1]), S::splat(x[2]), S::splat(x[3])]
}

/// Sum of four vectors with weights.
#[inline(always)]
fn weighted<S: Simd>(c: [S; 4], weights: [S; 4]) -> S {
    let low = c[1].mul_add(weights[1], c[0].mul(weights[0]));
    let high = c[3].mul_add(weights[3], c[2].mul(weights[2]));
    low.add(high)
}

/// Functions of the neighbors in `range`.
#[inline(always)]
fn prepare<S: Simd>(
    functions: &Functions,
    distances: &[f64],
    range: std::ops::Range<usize>,
    bases: &mut [Basis],
) {
    for n in range {
        let (bins, t) = functions.find(S::splat(distances[n]));
        let (value, slope) = functions.evaluate::<S>(bins[0], t.lanes()[0]);
        let basis = &mut bases[n];
        value.store(&mut basis.value);
        slope.store(&mut basis.slope);
        // Outside the range all four are 0 and any place will do.
        basis.first = functions.first(bins[0]);
    }
}
