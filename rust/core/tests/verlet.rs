//! A reused neighbor list holds every edge that a fresh one has.

use ferrip_core::neighbors::{Displacements, NeighborList, VerletList};
use ferrip_core::structure::norm;
use ferrip_core::{Cell, Result, Structure};
use proptest::prelude::*;

const CUTOFF: f64 = 3.0;
const SKIN: f64 = 0.6;

/// Edges within the cutoff at the positions of `structure`.
fn within(list: &NeighborList, structure: &Structure) -> Vec<(usize, usize, [i32; 3])> {
    let displacements = Displacements::new(list, structure).unwrap();
    let mut edges = Vec::new();
    for i in 0..list.n_centers() {
        let ids = &list.shift_ids()[list.offsets()[i]..];
        for ((j, d), &id) in displacements.for_center(i).zip(ids) {
            if norm(&d) < CUTOFF {
                edges.push((i, j, list.shifts()[id as usize]));
            }
        }
    }
    edges
}

fn strained(structure: &Structure, strain: [[f64; 3]; 3], moves: &[[f64; 3]]) -> Structure {
    let map = |x: &[f64; 3]| -> [f64; 3] {
        std::array::from_fn(|k| x[k] + (0..3).map(|l| x[l] * strain[l][k]).sum::<f64>())
    };
    let cell = structure.cell();
    let rows = cell.rows().each_ref().map(map);
    let positions = structure.positions().iter().zip(moves.iter().cycle());
    let positions = positions.map(|(x, u)| std::array::from_fn(|k| map(x)[k] + u[k])).collect();
    Structure::new(structure.numbers().to_vec(), positions, Cell::new(rows, cell.pbc()).unwrap()).unwrap()
}

fn start(pbc: [bool; 3]) -> Structure {
    let mut positions = Vec::new();
    for x in 0..3 {
        for y in 0..3 {
            for z in 0..3 {
                positions.push([
                    f64::from(x) * 1.9 + 0.3,
                    f64::from(y) * 2.1 - 4.0,
                    f64::from(z) * 2.2 + 9.0,
                ]);
            }
        }
    }
    let cell = Cell::new([[5.7, 0.0, 0.0], [1.1, 6.3, 0.0], [-0.8, 2.0, 6.6]], pbc).unwrap();
    Structure::new(vec![29; positions.len()], positions, cell).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, rng_seed: prop::test_runner::RngSeed::Fixed(11), ..ProptestConfig::default() })]

    /// A trajectory at varying cell, as in a barostat or a cell relaxation.
    #[test]
    fn no_edge_is_missed(
        pbc in prop::array::uniform3(any::<bool>()),
        steps in prop::collection::vec(
            (
                prop::array::uniform3(prop::array::uniform3(-0.02..0.02_f64)),
                prop::collection::vec(prop::array::uniform3(-0.09..0.09_f64), 5..9),
            ),
            1..12,
        ),
    ) {
        let mut structure = start(pbc);
        let mut verlet = VerletList::new(CUTOFF, SKIN).unwrap();
        prop_assert!(verlet.update(&structure, Some(1)).unwrap());
        for (strain, moves) in steps {
            structure = strained(&structure, strain, &moves);
            verlet.update(&structure, Some(1)).unwrap();
            let fresh = NeighborList::build(&structure, CUTOFF).unwrap();
            prop_assert_eq!(within(verlet.list(), &structure), within(&fresh, &structure));
        }
    }
}

const STILL: [[f64; 3]; 3] = [[0.0; 3]; 3];

#[test]
fn moves_up_to_half_the_skin_reuse_the_list() -> Result<()> {
    let structure = start([true, true, false]);
    let mut verlet = VerletList::new(CUTOFF, SKIN)?;
    assert!(verlet.update(&structure, None)?);
    assert!(!verlet.update(&structure, None)?);
    let moved = |length: f64| strained(&structure, STILL, &[[0.0, length, 0.0], [0.0; 3]]);
    assert!(!verlet.update(&moved(0.299), None)?);
    assert!(!verlet.update(&moved(-0.299), None)?);
    assert!(verlet.update(&moved(0.301), None)?);
    assert!(!verlet.update(&moved(0.1), None)?);
    Ok(())
}

#[test]
fn a_strained_cell_reuses_the_list_while_the_skin_covers_the_strain() -> Result<()> {
    let structure = start([true; 3]);
    let mut verlet = VerletList::new(CUTOFF, SKIN)?;
    verlet.update(&structure, None)?;
    let uniform = |e: f64| strained(&structure, [[e, 0.0, 0.0], [0.0, e, 0.0], [0.0, 0.0, e]], &[[0.0; 3]]);
    // Contraction by more than skin / (cutoff + skin) = 1/6 brings new neighbors; expansion only more room.
    assert!(!verlet.update(&uniform(-0.16), None)?);
    assert!(!verlet.update(&uniform(0.5), None)?);
    assert!(verlet.update(&uniform(-0.17), None)?);
    Ok(())
}

#[test]
fn other_atoms_elements_or_periodic_directions_rebuild() -> Result<()> {
    let structure = start([true; 3]);
    let mut verlet = VerletList::new(CUTOFF, SKIN)?;
    verlet.update(&structure, None)?;
    let mut numbers = structure.numbers().to_vec();
    numbers[4] = 47;
    let other = Structure::new(numbers.clone(), structure.positions().to_vec(), *structure.cell())?;
    assert!(verlet.update(&other, None)?);
    let slab = Cell::new(*structure.cell().rows(), [true, true, false])?;
    let other = Structure::new(numbers.clone(), structure.positions().to_vec(), slab)?;
    assert!(verlet.update(&other, None)?);
    let fewer = Structure::new(numbers[1..].to_vec(), structure.positions()[1..].to_vec(), slab)?;
    assert!(verlet.update(&fewer, None)?);
    assert_eq!(verlet.list().n_centers(), fewer.len());
    Ok(())
}

#[test]
fn bad_settings_are_refused() {
    for (cutoff, skin) in [(0.0, 0.5), (f64::NAN, 0.5), (3.0, -0.1), (3.0, f64::INFINITY)] {
        assert!(VerletList::new(cutoff, skin).is_err());
    }
}

#[test]
fn without_skin_every_move_rebuilds() -> Result<()> {
    let structure = start([true; 3]);
    let mut verlet = VerletList::new(CUTOFF, 0.0)?;
    assert!(verlet.update(&structure, None)?);
    assert!(!verlet.update(&structure, None)?);
    assert!(verlet.update(&strained(&structure, STILL, &[[1e-9, 0.0, 0.0]]), None)?);
    Ok(())
}
