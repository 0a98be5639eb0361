//! The compiled model of one centre species.

use crate::cluster::program::{Columns, Program, Triplet};
use crate::error::Result;
use crate::neighbors::tiles::Reach;
use crate::pair::{Baseline, Curve};
use crate::simd::MAX_LANES;

use super::densities::DensityKernel;
use super::table::{Cubics, Functions};

/// Everything that a centre of one species needs.
#[derive(Debug)]
pub struct CenterKernel {
    /// Energy of the free atom, eV.
    pub e0: f64,
    /// Towards each neighbor species.
    pub towards: Vec<Towards>,
    /// Triplets with neighbors of species `first ≤ second`.
    pub triplets: Vec<TripletKernel>,
    /// Densities around the centre.
    pub densities: Vec<DensityKernel>,
}

/// What matters of neighbors of one species.
#[derive(Debug)]
pub struct Towards {
    /// Square of the largest distance that matters in pairs, Å².
    pub squared_pair: f64,
    /// Square of the largest distance that matters in triplets, Å².
    pub squared_short: f64,
    /// Square of the largest distance that matters in densities, Å².
    pub squared_density: f64,
    /// Square of the distance at which the baseline ends, Å².
    pub squared_baseline: f64,
    /// Spline of the pair.
    pub pair: Option<Cubics>,
    /// Pair baseline.
    pub baseline: Option<Curve>,
}

/// The spline of a triplet.
#[derive(Debug)]
pub struct TripletKernel {
    /// Species of j and k.
    pub species: [usize; 2],
    /// Functions along r_ij, r_ik and r_jk.
    pub functions: [Functions; 3],
    /// Coefficients by l, m and n, with one before the first and after the last n, and some more behind all.
    pub coefficients: Vec<f64>,
    /// Coefficients from one l to the next, and from one m to the next.
    pub strides: [usize; 2],
}

impl CenterKernel {
    /// The model of centre species `z` with raw coefficients.
    ///
    /// # Errors
    /// Those of [`Curve::new`].
    pub fn new(program: &Program, z: usize, raw: &[f64], e0: f64, baseline: &Baseline) -> Result<Self> {
        let n = program.species().len();
        let mut towards = Vec::with_capacity(n);
        for (other, &number) in program.species().iter().enumerate() {
            let baseline = Curve::new(baseline, program.species()[z], number)?;
            let pair = program.pair(z, other);
            let end = baseline.as_ref().map_or(0.0, |curve| curve.cutoff);
            let densities = program.embeddings(z).iter().filter_map(|one| one.densities[other].as_ref());
            let density = densities.map(|density| density.axis().high()).fold(0.0, f64::max);
            // Densities count among pairs, which find atoms that lie on each other.
            let reach = pair.map_or(0.0, |pair| pair.kernel.axis.high()).max(end).max(density);
            let pair = pair.map(|pair| {
                let start = pair.starts[0] as usize;
                Cubics::new(&pair.kernel.axis, &raw[start..start + pair.starts.len()])
            });
            towards.push(Towards {
                squared_pair: reach * reach,
                squared_short: 0.0,
                squared_density: density * density,
                squared_baseline: end * end,
                pair,
                baseline,
            });
        }
        let mut triplets = Vec::new();
        for first in 0..n {
            for second in first..n {
                let Some(triplet) = program.triplet(z, first, second) else { continue };
                for (species, axis) in [first, second].into_iter().zip(&triplet.kernel.axes) {
                    let squared = axis.high() * axis.high();
                    let towards: &mut Towards = &mut towards[species];
                    towards.squared_short = towards.squared_short.max(squared);
                }
                triplets.push(TripletKernel::new([first, second], triplet, raw));
            }
        }
        let densities = program.embeddings(z).iter().map(|one| DensityKernel::new(one, raw)).collect();
        Ok(Self { e0, towards, triplets, densities })
    }
}

/// How far the models of all species reach.
pub fn reach(kernels: &[CenterKernel]) -> Reach {
    let towards = || kernels.iter().flat_map(|kernel| &kernel.towards);
    Reach {
        n_species: kernels.len(),
        pairs: towards().map(|towards| towards.squared_pair.sqrt()).collect(),
        short: towards().map(|towards| towards.squared_short.max(towards.squared_density).sqrt()).collect(),
    }
}

impl TripletKernel {
    fn new(species: [usize; 2], triplet: &Columns<Triplet>, raw: &[f64]) -> Self {
        let [_, m_axis, n_axis] = &triplet.kernel.axes;
        let width = n_axis.len() + 2;
        let mut coefficients = vec![0.0; triplet.starts.len() * width];
        for (row, &start) in coefficients.chunks_exact_mut(width).zip(&triplet.starts) {
            row[1..=n_axis.len()].copy_from_slice(&raw[start as usize..][..n_axis.len()]);
        }
        coefficients.resize(coefficients.len() + MAX_LANES, 0.0);
        Self {
            species,
            functions: [0, 1, 2].map(|k| Functions::new(&triplet.kernel.axes[k])),
            coefficients,
            strides: [m_axis.len() * width, width],
        }
    }
}
