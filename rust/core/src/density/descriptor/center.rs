//! Everything about one centre: its neighbors, the one-particle basis with gradients, the products.

use super::Descriptor;
use super::lanes::Lanes;
use super::layout::Layout;
use super::rows::{EXTRA, scatter};
use crate::centers::{Centers, Neighbor};
use crate::density::program::Center;
use crate::error::Result;

/// Complex number as (re, im).
type Complex = [f64; 2];

#[inline]
fn times(a: Complex, b: Complex) -> Complex {
    [a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]]
}

/// Working memory and results for one centre at a time; one per thread.
#[derive(Debug, Default)]
pub(in crate::density) struct CenterWork {
    /// Neighbors sorted by species; inside a species in the order of the list.
    pub neighbors: Vec<Neighbor>,
    /// Neighbor range of each species, and of all neighbors at the end.
    pub ranges: Vec<std::ops::Range<usize>>,
    /// Gradient matrices, one per range: rows are real one-particle entries, columns
    /// [x of every neighbor, y…, z…, −Σx, −Σy, −Σz, Voigt strain].
    pub gradients: Vec<Vec<f64>>,
    /// Real one-particle values (2 per half-basis entry).
    pub a: Vec<f64>,
    /// Values of the monomials.
    pub monomials: Vec<f64>,
    /// Complex derivative of each monomial with respect to each of its factors, in the program's order.
    pub partials: Vec<Complex>,
    /// Values of pair functions: species by species, channel by channel.
    pub pair: Vec<f64>,
    /// Radial derivatives of the pair functions: [neighbor][channel].
    pub pair_slope: Vec<f64>,
    radial: Vec<f64>,
    slope: Vec<f64>,
    lanes: Lanes,
    one_particle: Vec<Complex>,
}

impl Descriptor {
    /// Fills `work` for centre `i`.
    pub(super) fn prepare(&self, centers: &Centers<'_>, i: usize, work: &mut CenterWork) -> Result<()> {
        let z = centers.species(i);
        let (center, layout) = (&self.program.centers()[z], &self.layouts[z]);
        let cutoff = |species: usize| center.radial[species].cutoff();
        centers.gather(i, cutoff, &mut work.neighbors)?;
        work.cut_ranges(center.radial.len());
        work.one_particle(center, layout);
        work.add_own(center, layout);
        work.products(center, layout);
        Ok(())
    }
}

impl CenterWork {
    /// Number of columns of the gradient matrix of a range.
    pub fn width(&self, species: usize) -> usize {
        3 * self.ranges[species].len() + EXTRA
    }

    /// Adds `weight` times a gradient row of range `s` (see [`CenterWork::gradients`]) to a design column.
    pub fn scatter(&self, s: usize, center: usize, weight: f64, row: &[f64], column: &mut [f64]) {
        scatter(&self.neighbors[self.ranges[s].clone()], center, weight, row, column);
    }

    /// Ranges of the neighbors of each species, and of all.
    fn cut_ranges(&mut self, n_species: usize) {
        let before = |limit: usize| self.neighbors.partition_point(|n| n.species < limit);
        self.ranges.clear();
        self.ranges.extend((0..n_species).map(|s| before(s)..before(s + 1)));
        self.ranges.push(0..self.neighbors.len());
    }

    /// One-particle values and their gradients.
    fn one_particle(&mut self, center: &Center, layout: &Layout) {
        let n_radial = center.n_channels + center.n_pair;
        self.radial.resize(n_radial, 0.0);
        self.slope.resize(n_radial, 0.0);
        self.a.clear();
        self.a.resize(2 * layout.half.len(), 0.0);
        self.pair.clear();
        self.pair.resize(center.radial.len() * center.n_pair, 0.0);
        self.pair_slope.clear();
        self.gradients.resize_with(self.ranges.len(), Vec::new);
        for s in 0..self.ranges.len() {
            let (range, width, half) = (self.ranges[s].clone(), self.width(s), layout.of_species[s].clone());
            let own = s < center.radial.len();
            if half.is_empty() && !own {
                continue;
            }
            // Every entry is overwritten.
            self.gradients[s].resize(2 * half.len() * width, 0.0);
            let n = range.len();
            self.lanes.clear(n, center.n_channels);
            for (place, neighbor) in self.neighbors[range].iter().enumerate() {
                let radial = &center.radial[neighbor.species];
                radial.evaluate(neighbor.distance, &mut self.radial, &mut self.slope);
                if own {
                    let pair = &mut self.pair[s * center.n_pair..(s + 1) * center.n_pair];
                    pair.iter_mut().zip(&self.radial[center.n_channels..]).for_each(|(p, v)| *p += v);
                    self.pair_slope.extend_from_slice(&self.slope[center.n_channels..]);
                }
                if !half.is_empty() {
                    let channels = [&self.radial, &self.slope].map(|list| &list[..center.n_channels]);
                    self.lanes.set(place, neighbor, channels, layout);
                }
            }
            let a = &mut self.a[2 * half.start..2 * half.end];
            self.lanes.write(&layout.half[half], a, &mut self.gradients[s], n);
        }
    }

    /// What the centre itself adds.
    fn add_own(&mut self, center: &Center, layout: &Layout) {
        for &(v, value) in &center.own {
            self.a[2 * layout.mapped[v as usize].half as usize] += value;
        }
    }

    /// The entries with m of either sign.
    fn map_entries(&mut self, layout: &Layout) {
        self.one_particle.clear();
        self.one_particle.extend(layout.mapped.iter().map(|m| {
            let h = 2 * m.half as usize;
            [m.re * self.a[h], m.im * self.a[h + 1]]
        }));
    }

    /// Values of the monomials and their derivatives.
    fn products(&mut self, center: &Center, layout: &Layout) {
        self.map_entries(layout);
        self.monomials.clear();
        self.partials.clear();
        for factors in center.monomials.iter() {
            let start = self.partials.len();
            let mut prefix = [1.0, 0.0];
            for &v in factors {
                self.partials.push(prefix);
                prefix = times(prefix, self.one_particle[v as usize]);
            }
            self.monomials.push(prefix[0]);
            let mut suffix = [1.0, 0.0];
            for (t, &v) in factors.iter().enumerate().rev() {
                self.partials[start + t] = times(self.partials[start + t], suffix);
                suffix = times(suffix, self.one_particle[v as usize]);
            }
        }
    }

    /// Adds `weight · dM_q/da` to the dense real vector `out` (2 per half-basis entry).
    #[inline]
    pub(super) fn add_monomial_gradient(
        &self,
        center: &Center,
        layout: &Layout,
        q: usize,
        weight: f64,
        out: &mut [f64],
    ) {
        let start = center.monomials.offsets[q];
        for (t, &v) in center.monomials.get(q).iter().enumerate() {
            let (mapped, partial) = (layout.mapped[v as usize], self.partials[start + t]);
            let h = 2 * mapped.half as usize;
            out[h] += weight * mapped.re * partial[0];
            out[h + 1] -= weight * mapped.im * partial[1];
        }
    }
}
