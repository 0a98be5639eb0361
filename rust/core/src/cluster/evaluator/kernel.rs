//! The compiled model of one centre species.

use crate::cluster::program::{Columns, Program, Triplet};
use crate::neighbors::tiles::Reach;
use crate::pair::Zbl;
use crate::simd::MAX_LANES;

use super::table::{Cubics, Functions};

/// Everything that a centre of one species needs.
#[derive(Debug)]
pub struct CenterKernel {
    /// Energy of the free atom, eV.
    pub e0: f64,
    /// Atomic number.
    pub element: u8,
    /// Towards each neighbor species.
    pub towards: Vec<Towards>,
    /// Triplets with neighbors of species `first ≤ second`.
    pub triplets: Vec<TripletKernel>,
    /// Pair repulsion.
    pub zbl: Zbl,
}

/// What matters of neighbors of one species.
#[derive(Debug)]
pub struct Towards {
    /// Atomic number.
    pub element: u8,
    /// Square of the largest distance that matters in pairs, Å².
    pub squared_pair: f64,
    /// Square of the largest distance that matters in triplets, Å².
    pub squared_short: f64,
    /// Square of the distance at which the repulsion ends, Å².
    pub squared_repulsion: f64,
    /// Spline of the pair.
    pub pair: Option<Cubics>,
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
    pub fn new(program: &Program, z: usize, raw: &[f64], e0: f64, zbl: &Zbl) -> Self {
        let n = program.species().len();
        let element = program.species()[z];
        let mut towards: Vec<Towards> = (0..n)
            .map(|other| {
                let number = program.species()[other];
                let repulsion = zbl.cutoff(element, number);
                let pair = program.pair(z, other);
                let reach = pair.map_or(0.0, |pair| pair.kernel.axis.high()).max(repulsion);
                Towards {
                    element: number,
                    squared_pair: reach * reach,
                    squared_short: 0.0,
                    squared_repulsion: repulsion * repulsion,
                    pair: pair.map(|pair| {
                        let start = pair.starts[0] as usize;
                        Cubics::new(&pair.kernel.axis, &raw[start..start + pair.starts.len()])
                    }),
                }
            })
            .collect();
        let mut triplets = Vec::new();
        for first in 0..n {
            for second in first..n {
                let Some(triplet) = program.triplet(z, first, second) else { continue };
                for (species, axis) in [first, second].into_iter().zip(&triplet.kernel.axes) {
                    let squared = axis.high() * axis.high();
                    let towards = &mut towards[species];
                    towards.squared_short = towards.squared_short.max(squared);
                }
                triplets.push(TripletKernel::new([first, second], triplet, raw));
            }
        }
        Self { e0, element, towards, triplets, zbl: zbl.clone() }
    }
}

/// How far the models of all species reach.
pub fn reach(kernels: &[CenterKernel]) -> Reach {
    let towards = || kernels.iter().flat_map(|kernel| &kernel.towards);
    Reach {
        n_species: kernels.len(),
        pairs: towards().map(|towards| towards.squared_pair.sqrt()).collect(),
        short: towards().map(|towards| towards.squared_short.sqrt()).collect(),
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
