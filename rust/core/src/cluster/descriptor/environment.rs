//! The neighbors of one centre, and the terms of its pairs, triplets and densities.

use crate::centers::{Centers, Neighbor};
use crate::cluster::program::Program;
use crate::cluster::spline::Local;
use crate::error::Result;
use crate::structure::norm;

/// A centre with its neighbors, species by species.
#[derive(Debug, Default)]
pub struct Environment {
    /// Index of the atom.
    pub center: usize,
    /// Species index.
    pub species: usize,
    /// All neighbors within the cutoff.
    pub neighbors: Vec<Neighbor>,
}

/// Functions of one pair: raw column of the first of four, values and slopes.
pub struct PairTerm {
    pub column: usize,
    pub value: [f64; 4],
    pub slope: [f64; 4],
}

/// Functions of one density: raw column of the first of four, values and slopes in ρ.
pub struct EmbeddingTerm {
    pub column: usize,
    pub value: [f64; 4],
    pub slope: [f64; 4],
    /// dρ/dr_ij of every neighbor, 1/Å.
    pub rises: Vec<f64>,
}

/// Functions of one triplet along r_ij, r_ik and r_jk.
pub struct TripletTerm<'a> {
    /// Places of j and k among the neighbors.
    pub edges: [usize; 2],
    /// Raw column of the first function along r_jk for each l and m.
    starts: &'a [u32],
    stride: usize,
    pub along: [Local; 3],
    /// Unit vectors of r_ij, r_ik and r_jk.
    pub units: [[f64; 3]; 3],
}

impl TripletTerm<'_> {
    /// Raw column of the first of the four functions along r_jk, for the functions `a` and `b` (0 ..= 3) of
    /// those along r_ij and r_ik.
    #[inline]
    pub fn column(&self, a: usize, b: usize) -> usize {
        let [l, m, n] = &self.along;
        self.starts[(l.first + a) * self.stride + m.first + b] as usize + n.first
    }
}

impl Environment {
    /// Takes the place of another centre.
    ///
    /// # Errors
    /// Those of [`Centers::gather`].
    pub fn fill(&mut self, program: &Program, centers: &Centers<'_>, center: usize) -> Result<()> {
        self.center = center;
        self.species = centers.species(center);
        centers.gather(center, |_| program.cutoff(), &mut self.neighbors)
    }

    /// Visits the pair of the centre with neighbor `n`, if it interacts.
    pub fn pair(&self, program: &Program, n: usize) -> Option<PairTerm> {
        let neighbor = &self.neighbors[n];
        let pair = program.pair(self.species, neighbor.species)?;
        let (axis, r) = (&pair.kernel.axis, neighbor.distance);
        if r >= axis.high() {
            return None;
        }
        let local = axis.continued(r);
        Some(PairTerm { column: pair.starts[local.first] as usize, value: local.value, slope: local.slope })
    }

    /// The densities around the centre.
    pub fn embeddings(&self, program: &Program) -> impl Iterator<Item = EmbeddingTerm> {
        program.embeddings(self.species).iter().map(|embedding| {
            let (mut density, mut rises) = (0.0, Vec::with_capacity(self.neighbors.len()));
            for neighbor in &self.neighbors {
                let own = embedding.densities[neighbor.species].as_ref();
                let (value, slope) = own.map_or((0.0, 0.0), |own| own.evaluate(neighbor.distance));
                density += value;
                rises.push(slope);
            }
            let local = embedding.axis.continued(density);
            let column = embedding.start + local.first;
            EmbeddingTerm { column, value: local.value, slope: local.slope, rises }
        })
    }

    /// Visits all triplets of the centre with every pair of neighbors once.
    pub fn triplets(&self, program: &Program, mut visit: impl FnMut(&TripletTerm<'_>)) {
        for (p, j) in self.neighbors.iter().enumerate() {
            if j.distance >= program.triplet_cutoff() {
                continue;
            }
            for (q, k) in self.neighbors.iter().enumerate().skip(p + 1) {
                let Some(triplet) = program.triplet(self.species, j.species, k.species) else { continue };
                let axes = &triplet.kernel.axes;
                let vector: [f64; 3] = std::array::from_fn(|x| k.vector[x] - j.vector[x]);
                let distance = norm(&vector);
                let locals =
                    (axes[0].evaluate(j.distance), axes[1].evaluate(k.distance), axes[2].evaluate(distance));
                let (Some(l), Some(m), Some(n)) = locals else { continue };
                let unit = |v: [f64; 3], r: f64| v.map(|x| x / r.max(f64::MIN_POSITIVE));
                visit(&TripletTerm {
                    edges: [p, q],
                    starts: &triplet.starts,
                    stride: axes[1].len(),
                    along: [l, m, n],
                    units: [unit(j.vector, j.distance), unit(k.vector, k.distance), unit(vector, distance)],
                });
            }
        }
    }
}
