//! The evaluator of the cluster engine: tiles of a structure against neighborhoods that a host gathers.

use ferrip_core::cluster::{Density, Embedding, Pair, Program, Triplet, evaluator, spline::Axis};
use ferrip_core::density::evaluator::{Edges, HostArrays, Neighborhoods};
use ferrip_core::neighbors::{Displacements, NeighborList};
use ferrip_core::pair::{Baseline, Ending, Form, Term};
use ferrip_core::simd::Path;
use ferrip_core::structure::VOIGT;
use ferrip_core::{Cell, Result, Structure};

/// A host that knows the full neighborhood of every atom.
struct Host<'a> {
    displacements: Displacements<'a>,
    species: Vec<u16>,
}

impl Neighborhoods for Host<'_> {
    fn species(&self) -> &[u16] {
        &self.species
    }

    fn gather(&self, center: usize, cutoff: f64, edges: &mut Edges) {
        let list = self.displacements.for_center(center);
        edges.select(list.map(|(j, d)| (j as u32, d)), cutoff);
    }
}

fn axis(low: f64, high: f64, n: usize) -> Result<Axis> {
    let inner = (0..n).map(|k| low + (high - low) * k as f64 / n as f64);
    Axis::new([low; 3].into_iter().chain(inner).chain([high; 4]).collect())
}

fn numbers(n: usize) -> Vec<f64> {
    let mut state = 11_u64;
    (0..n)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
        })
        .collect()
}

fn program() -> Result<Program> {
    let pair = |elements, high| Ok(Pair { elements, axis: axis(1.0, high, 9)?, trims: [0, 3] });
    let triplet = |elements, high| {
        let axes = [axis(0.8, high, 6)?, axis(0.8, high, 6)?, axis(0.5, 2.0 * high, 8)?];
        Ok(Triplet { elements, axes, trims: [0, 3] })
    };
    let density = |z, high, sign: f64| {
        let axis = axis(0.9, high, 5)?;
        let coefficients = (0..axis.len()).map(|n| sign * (5.0 - n as f64).max(0.0) / 20.0).collect();
        Ok((z, Density::new(axis, coefficients)?))
    };
    let embedding = |center, densities| Ok(Embedding { center, axis: axis(0.0, 2.0, 7)?, densities });
    Program::new(
        vec![8, 14],
        vec![pair([8, 8], 4.0)?, pair([8, 14], 5.0)?, pair([14, 14], 5.5)?],
        vec![triplet([8, 14, 14], 3.5)?, triplet([14, 8, 14], 3.2)?, triplet([14, 14, 14], 3.8)?],
        vec![
            embedding(14, vec![density(8, 4.5, 1.0)?, density(14, 3.0, 1.3)?])?,
            embedding(14, vec![density(14, 5.2, -0.8)?])?,
            embedding(8, vec![density(14, 4.5, 1.0)?])?,
        ],
    )
}

#[test]
fn hosts_and_tiles_agree() -> Result<()> {
    let cell = Cell::new([[7.0, 0.0, 0.0], [2.0, 6.5, 0.0], [0.0, -1.0, 6.0]], [true, true, false])?;
    let shifts = numbers(72);
    let positions = (0..24)
        .map(|k| {
            let site = [k % 3, k / 3 % 4, k / 12];
            [0, 1, 2].map(|x| 2.1 * f64::from(site[x]) + 0.6 * shifts[3 * k as usize + x] - 9.0)
        })
        .collect();
    let elements = (0..24).map(|k| if k % 3 == 1 { 8 } else { 14 }).collect();
    let structure = Structure::new(elements, positions, cell)?;
    let program = program()?;
    let baseline = Baseline::new(vec![
        Term { elements: [8, 14], form: Form::Zbl, ending: Ending::Switch { start: 1.6 }, cutoff: 2.3 },
        Term {
            elements: [14, 14],
            form: Form::Morse { depth: 0.4, stiffness: 1.5, distance: 2.2 },
            ending: Ending::ShiftForce,
            cutoff: 5.9,
        },
    ])?;
    for path in Path::supported() {
        let coefficients = numbers(program.n_features());
        let evaluator = evaluator::compile(&program, &coefficients, &[-1.0, 2.0], &baseline, path)?;
        let list = NeighborList::build(&structure, 6.0)?;
        let species = structure.numbers().iter().map(|&z| u16::from(z == 14)).collect();
        let host = Host { displacements: Displacements::new(&list, &structure)?, species };
        let tiles = evaluator.compute(&structure, &list, Some(1))?;
        let close = |a: &[f64], b: &[f64]| a.iter().zip(b).all(|(a, b)| (a - b).abs() < 1e-10);
        let centers: Vec<u32> = (0..structure.len() as u32).collect();
        let (mut energies, mut forces) = (vec![0.0; centers.len()], vec![[0.0; 3]; centers.len()]);
        let mut strains = vec![[0.0; 6]; centers.len()];
        let mut arrays = HostArrays {
            energies: Some(&mut energies),
            forces: &mut forces,
            strains: Some(&mut strains),
            energy: 0.0,
            strain: [0.0; 6],
        };
        evaluator.compute_host(&host, &centers, None, &mut arrays, Some(1))?;
        let strain = VOIGT.map(|[a, b]| tiles.strain_gradient[a][b]);
        assert!(close(&strain, &arrays.strain));
        assert!(close(&[tiles.energies.iter().sum()], &[arrays.energy]));
        let of_centers = |k: usize| strains.iter().map(|strain| strain[k]).sum();
        assert!(close(&strain, &std::array::from_fn::<_, 6, _>(of_centers)));
        assert!(close(&tiles.energies, &energies));
        assert!(close(tiles.forces.as_flattened(), forces.as_flattened()));
        assert!(tiles.forces.as_flattened().iter().any(|f| f.abs() > 1.0));
        assert_eq!(tiles, evaluator.compute(&structure, &list, Some(3))?);
    }
    Ok(())
}
