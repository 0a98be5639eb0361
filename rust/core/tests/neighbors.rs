//! The cell list against brute force over images, on cells of all shapes.

use ferrip_core::neighbors::{Displacements, EdgeArrays, Edges, NeighborList};
use ferrip_core::structure::{cross, dot, norm};
use ferrip_core::{Cell, Error, Result, Structure, threads};
use proptest::prelude::*;

/// All edges by brute force: every image that could be near, every pair, the formula of DESIGN §1.
fn brute_force(structure: &Structure, cutoff: f64) -> Vec<(usize, usize, [i32; 3])> {
    let (cell, positions) = (structure.cell(), structure.positions());
    let spread = positions.iter().map(norm).fold(0.0, f64::max) * 2.0;
    let mut rows = *cell.rows();
    for k in 0..3 {
        if !cell.pbc()[k] {
            // Any vector independent of the periodic ones will do for the distance between planes.
            rows[k] = orthogonal_to(&rows, cell.pbc(), k);
        }
    }
    let mut reach = [0_i32; 3];
    for k in (0..3).filter(|&k| cell.pbc()[k]) {
        let normal = cross(&rows[(k + 1) % 3], &rows[(k + 2) % 3]);
        reach[k] = ((cutoff + spread) * norm(&normal) / dot(&rows[k], &normal).abs()).ceil() as i32;
    }
    let mut edges = Vec::new();
    for (i, p) in positions.iter().enumerate() {
        for (j, q) in positions.iter().enumerate() {
            for a in -reach[0]..=reach[0] {
                for b in -reach[1]..=reach[1] {
                    for c in -reach[2]..=reach[2] {
                        let t = cell.shift_vector([a, b, c]);
                        let d: [f64; 3] = std::array::from_fn(|k| (q[k] - p[k]) + t[k]);
                        if norm(&d) < cutoff && (i != j || [a, b, c] != [0; 3]) {
                            edges.push((i, j, [a, b, c]));
                        }
                    }
                }
            }
        }
    }
    edges
}

/// A unit vector orthogonal to the rows that are periodic or come before `k`.
fn orthogonal_to(rows: &[[f64; 3]; 3], pbc: [bool; 3], k: usize) -> [f64; 3] {
    let mut basis: Vec<[f64; 3]> = Vec::new();
    let mut orthonormal = |v: [f64; 3]| {
        let mut v = v;
        for _ in 0..2 {
            for b in &basis {
                let projection = dot(&v, b);
                v = std::array::from_fn(|x| v[x] - projection * b[x]);
            }
        }
        let length = norm(&v);
        (length > 1e-3).then(|| {
            basis.push(v.map(|x| x / length));
            basis[basis.len() - 1]
        })
    };
    for l in (0..3).filter(|&l| pbc[l] || l < k) {
        let length = norm(&rows[l]);
        orthonormal(rows[l].map(|v| v / length));
    }
    let axes = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]];
    axes.into_iter().find_map(orthonormal).unwrap_or([0.0; 3])
}

fn edges_of(list: &NeighborList) -> Vec<(usize, usize, [i32; 3])> {
    (0..list.n_centers())
        .flat_map(|i| {
            (list.offsets()[i]..list.offsets()[i + 1])
                .map(move |e| (i, list.neighbors()[e] as usize, list.shifts()[list.shift_ids()[e] as usize]))
        })
        .collect()
}

prop_compose! {
    fn cells()(
        diagonal in prop::array::uniform3(1.5..7.0_f64),
        shear in prop::array::uniform3(-9.0..9.0_f64),
        pbc in prop::array::uniform3(any::<bool>()),
        zero in any::<bool>(),
    ) -> Cell {
        let [a, b, c] = diagonal;
        let [p, q, r] = shear;
        let mut rows = [[a, 0.0, 0.0], [p, b, 0.0], [q, r, c]];
        for k in 0..3 {
            if !pbc[k] && zero {
                rows[k] = [0.0; 3];
            }
        }
        Cell::new(rows, pbc).unwrap()
    }
}

prop_compose! {
    fn structures()(
        cell in cells(),
        positions in prop::collection::vec(prop::array::uniform3(-12.0..12.0_f64), 0..9),
        duplicate in any::<bool>(),
    ) -> Structure {
        let mut positions = positions;
        if duplicate && !positions.is_empty() {
            positions.push(positions[0]);
        }
        Structure::new(vec![6; positions.len()], positions, cell).unwrap()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, rng_seed: prop::test_runner::RngSeed::Fixed(7), ..ProptestConfig::default() })]

    #[test]
    fn equals_brute_force(structure in structures(), cutoff in 0.3..6.0_f64) {
        let list = NeighborList::build(&structure, cutoff).unwrap();
        prop_assert_eq!(edges_of(&list), brute_force(&structure, cutoff));
        prop_assert!(list.shifts().windows(2).all(|w| w[0] < w[1]));
    }
}

fn crystal(repeat: usize) -> Structure {
    let a = 5.43;
    let basis = [[0.0, 0.0, 0.0], [0.5, 0.5, 0.0], [0.5, 0.0, 0.5], [0.0, 0.5, 0.5]];
    let mut positions = Vec::new();
    for x in 0..repeat {
        for y in 0..repeat {
            for z in 0..repeat {
                for b in basis {
                    for offset in [0.0, 0.25] {
                        positions.push([
                            (x as f64 + b[0] + offset) * a,
                            (y as f64 + b[1] + offset) * a,
                            (z as f64 + b[2] + offset) * a,
                        ]);
                    }
                }
            }
        }
    }
    let length = a * repeat as f64;
    let cell = Cell::new([[length, 0.0, 0.0], [0.0, length, 0.0], [0.0, 0.0, length]], [true; 3]).unwrap();
    Structure::new(vec![14; positions.len()], positions, cell).unwrap()
}

#[test]
fn shells_at_the_cutoff_are_decided_by_the_edge_vector() {
    let structure = crystal(2);
    for cutoff in [5.43, 5.43 * 2.0_f64.sqrt(), 10.86] {
        let list = NeighborList::build(&structure, cutoff).unwrap();
        assert_eq!(edges_of(&list), brute_force(&structure, cutoff));
    }
}

#[test]
fn threads_and_the_choice_of_cell_do_not_matter() -> Result<()> {
    let structure = crystal(5);
    let lists = [1, 2, 5]
        .map(|n| threads::pool(Some(n)).unwrap().install(|| NeighborList::build(&structure, 6.0)).unwrap());
    assert!(lists[0].n_edges() > 40 * structure.len());
    assert!(lists.iter().all(|list| *list == lists[0]));
    let [a, b, c] = *structure.cell().rows();
    let skewed: [f64; 3] = std::array::from_fn(|k| c[k] + 17.0 * a[k] - 40.0 * b[k]);
    let cell = Cell::new([a, b, skewed], [true; 3])?;
    let same = Structure::new(structure.numbers().to_vec(), structure.positions().to_vec(), cell)?;
    assert_eq!(NeighborList::build(&same, 6.0)?.n_edges(), lists[0].n_edges());
    Ok(())
}

#[test]
fn arrays_repeat_the_list() -> Result<()> {
    let mut structure = crystal(2);
    for _ in 0..2 {
        let list = NeighborList::build(&structure, 4.0)?;
        let edges = Edges::new(&structure, 4.0)?;
        let n = edges.len();
        let (mut centers, mut neighbors) = (vec![0; n], vec![0; n]);
        let (mut shifts, mut displacements) = (vec![[0; 3]; n], vec![[0.0; 3]; n]);
        edges.write(EdgeArrays {
            centers: &mut centers,
            neighbors: &mut neighbors,
            shifts: &mut shifts,
            displacements: &mut displacements,
        });
        let arrays: Vec<_> =
            (0..n).map(|e| (centers[e] as usize, neighbors[e] as usize, shifts[e])).collect();
        assert_eq!(arrays, edges_of(&list));
        let vectors = Displacements::new(&list, &structure)?;
        let expected: Vec<_> = (0..structure.len()).flat_map(|i| vectors.for_center(i)).collect();
        let got: Vec<_> = neighbors.iter().zip(displacements).map(|(&j, d)| (j as usize, d)).collect();
        assert_eq!(got, expected);
        // The same with atoms outside the cell.
        let moved = structure.positions().iter().zip(0_i32..).map(|(x, k)| {
            let t = structure.cell().shift_vector([k % 3 - 1, k % 5 - 2, 0]);
            [x[0] + t[0], x[1] + t[1], x[2] + t[2]]
        });
        structure = Structure::new(structure.numbers().to_vec(), moved.collect(), *structure.cell())?;
    }
    Ok(())
}

#[test]
fn atoms_far_apart_take_little_memory() -> Result<()> {
    let cell = Cell::new([[0.0; 3]; 3], [false; 3])?;
    let positions = vec![[0.0; 3], [9e8, -9e8, 9e8], [9e8, -9e8, 9e8 + 1.0], [0.0, 1.0, 0.0]];
    let structure = Structure::new(vec![1; 4], positions, cell)?;
    let list = NeighborList::build(&structure, 1.5)?;
    assert_eq!(list.neighbors(), [3, 2, 1, 0]);
    assert_eq!(NeighborList::build(&structure, 1e300)?.n_edges(), 12);
    Ok(())
}

#[test]
fn absurd_input_is_an_error() -> Result<()> {
    let structure = crystal(1);
    assert!(matches!(NeighborList::build(&structure, 1e6), Err(Error::TooLarge { .. })));
    assert!(matches!(NeighborList::build(&structure, f64::MAX), Err(Error::TooLarge { .. })));
    for cutoff in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(NeighborList::build(&structure, cutoff), Err(Error::Setting { .. })));
    }
    let crowd = (0..40_000).map(|k| [f64::from(k), 0.0, 0.0]).collect();
    let crowd = Structure::new(vec![1; 40_000], crowd, Cell::new([[0.0; 3]; 3], [false; 3])?)?;
    assert!(matches!(NeighborList::build(&crowd, 1e6), Err(Error::TooLarge { .. })));
    let far = Structure::new(vec![1], vec![[1e12, 0.0, 0.0]], *structure.cell())?;
    assert!(matches!(NeighborList::build(&far, 3.0), Err(Error::TooLarge { .. })));
    let tiny = Cell::new([[1e-100, 0.0, 0.0], [0.0; 3], [0.0; 3]], [true, false, false])?;
    let tiny = Structure::new(vec![1], vec![[0.5, 0.0, 0.0]], tiny)?;
    assert!(matches!(NeighborList::build(&tiny, 3.0), Err(Error::TooLarge { .. })));
    Ok(())
}
