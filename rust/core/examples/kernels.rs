//! One energy and force call of an ACE of silicon: what `benches/instructions.py` counts the instructions of.
//!
//!     kernels linear|embedded [SIMD path]
//!
//! 64 atoms, displaced from the diamond lattice; coefficients are arbitrary, which changes no cost.

use std::collections::BTreeMap;
use std::error::Error;

use ferrip_core::ace::{AceSettings, PairSettings, Selection, SpeciesBasis, compile};
use ferrip_core::density::evaluator::{Evaluator, Options};
use ferrip_core::density::readout::{CenterReadout, Embedding, Readout, Term, Variant};
use ferrip_core::neighbors::NeighborList;
use ferrip_core::pair::Baseline;
use ferrip_core::radial::RadialSettings;
use ferrip_core::radial::table::Tabulation;
use ferrip_core::simd::Path;
use ferrip_core::{Cell, Structure};

const CUTOFF: f64 = 6.0;
const SIDE: usize = 2;
const LATTICE: f64 = 5.47;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().collect();
    let embedded = arguments.get(1).is_some_and(|name| name == "embedded");
    let path = Path::resolve(arguments.get(2).map(String::as_str))?;
    let radial = RadialSettings { n: 8, cutoff: CUTOFF, exponents: (2, 4), outer_zero: 2, inner_zero: 2 };
    let pair = PairSettings { r0: 2.35, cutoff: CUTOFF, pair_cutoff: CUTOFF, inner: None };
    let ace = compile(&AceSettings {
        elements: vec![14],
        many_body: radial,
        pair: radial,
        pairs: BTreeMap::from([((14, 14), pair)]),
        radial_coefficients: Vec::new(),
        selection: Selection::Degree { degrees: vec![14.0, 12.0, 10.0], l_weight: 1.5 },
        species: SpeciesBasis::Resolved,
    })?;
    let n = ace.program.n_features();
    let densities: Vec<Vec<f64>> = (0..if embedded { 2 } else { 1 })
        .map(|p| (0..n).map(|k| 1e-3 * ((k + p) as f64).cos()).collect())
        .collect();
    let terms = [1.0, 0.5].map(|exponent| Term { prefactor: 1.0, exponent });
    let embedding = if embedded {
        Embedding::FinnisSinclair { terms: terms.to_vec(), variant: Variant::Plain }
    } else {
        Embedding::Linear
    };
    let readout =
        Readout::new(&ace.program, vec![CenterReadout { e0: 0.0, densities, embedding, core: None }])?;
    let options = Options { path, tables: Tabulation::default() };
    let evaluator = Evaluator::new(&ace.program, &readout, &Baseline::default(), options)?;
    let structure = silicon()?;
    let list = NeighborList::build(&structure, CUTOFF)?;
    let evaluation = evaluator.compute(&structure, &list, Some(1))?;
    let neighbors = evaluation.n_edges / structure.len();
    println!("{} atoms, {n} functions, {neighbors} neighbors, {}", structure.len(), path.name());
    Ok(())
}

/// A diamond crystal with every atom off its site.
fn silicon() -> Result<Structure, ferrip_core::Error> {
    let mut positions = Vec::new();
    let fcc = [[0.0, 0.0, 0.0], [0.0, 0.5, 0.5], [0.5, 0.0, 0.5], [0.5, 0.5, 0.0]];
    for cell in 0..SIDE.pow(3) {
        let corner = [cell % SIDE, cell / SIDE % SIDE, cell / (SIDE * SIDE)].map(|k| k as f64);
        for (site, shift) in fcc.iter().flat_map(|site| [(site, 0.0), (site, 0.25)]) {
            let k = positions.len() as f64;
            let mut position = [0.0; 3];
            for axis in 0..3 {
                let noise = 0.1 * (7.3 * k + 2.1 * axis as f64).sin();
                position[axis] = LATTICE * (corner[axis] + site[axis] + shift) + noise;
            }
            positions.push(position);
        }
    }
    let length = LATTICE * SIDE as f64;
    let cell = Cell::new([[length, 0.0, 0.0], [0.0, length, 0.0], [0.0, 0.0, length]], [true; 3])?;
    Structure::new(vec![14; positions.len()], positions, cell)
}
