//! Neighbor lists of tiles: spatially compact sets of centres with the images of atoms around them.
//!
//! Kernels that read a few hundred bytes per neighbor want positions that lie together and forces that need no
//! search for their place. A tile numbers the images of atoms that its centres see; the first ones are the centres.
//! Positions of all images are filled in once per evaluation, forces on images are added up in the tile and go
//! to the atoms at its end. Pairs are in one of both directions only, edges that matter in triplets in both.
//!
//! The order of tiles and of everything in them depends on the structure alone, hence results that are added up
//! tile by tile do not depend on the number of threads.

use crate::structure::{Structure, dot};

use super::displacements::edge_vector;
use super::list::NeighborList;
use super::order::SpatialOrder;

/// Centres of a tile.
pub(super) const CENTERS: usize = 128;
/// Entries of a row are filled up to a multiple of this.
pub const ROW: usize = 4;
/// Where the image that fills up rows is, Å: beyond any cutoff.
const NOWHERE: f64 = 1e10;

/// How far neighbors matter, by species of the centre and of the neighbor (indices).
#[derive(Debug, Clone, PartialEq)]
pub struct Reach {
    /// Number of species.
    pub n_species: usize,
    /// Cutoff (Å) of pairs, symmetric; 0 for none.
    pub pairs: Vec<f64>,
    /// Cutoff (Å) of edges that are needed from both ends; 0 for none.
    pub short: Vec<f64>,
}

impl Reach {
    /// Largest cutoff, Å.
    pub fn largest(&self) -> f64 {
        self.pairs.iter().chain(&self.short).copied().fold(0.0, f64::max)
    }
}

/// Images by centre and species of the neighbor; whole vectors, filled up with an image far away.
#[derive(Debug, Clone, Default)]
pub struct Rows {
    ends: Vec<u32>,
    images: Vec<u32>,
}

impl Rows {
    /// The images of row `row = centre · n_species + species`.
    #[inline]
    pub fn row(&self, row: usize) -> &[u32] {
        let start = if row == 0 { 0 } else { self.ends[row - 1] };
        &self.images[start as usize..self.ends[row] as usize]
    }

    fn push(&mut self, parts: [&[u32]; 2], nowhere: u32) {
        for part in parts {
            self.images.extend_from_slice(part);
        }
        self.images.resize(self.images.len().next_multiple_of(ROW), nowhere);
        self.ends.push(self.images.len() as u32);
    }
}

/// Some centres and what they see.
#[derive(Debug, Clone, Default)]
pub struct Tile {
    /// Number of centres.
    pub n_centers: usize,
    /// Atom of each image, centres first.
    pub atoms: Vec<u32>,
    /// Pairs that are in the row of one end only.
    pub pairs: Rows,
    /// Pairs that are in the rows of both ends, of which each stands for half; the other row may be elsewhere.
    pub shared: Rows,
    /// Edges that are needed from both ends.
    pub short: Rows,
    /// Index of each image's shift.
    pub(super) shifts: Vec<u32>,
}

impl Tile {
    /// A tile of one centre (image 0) with its neighbors (images 1, 2, …) of given atoms and squared distances, and
    /// all of them in its rows.
    pub fn single(center: u32, neighbors: &[u32], squares: &[f64], species: &[u16], reach: &Reach) -> Self {
        let mut tile = Self { n_centers: 1, ..Self::default() };
        tile.atoms.push(center);
        tile.atoms.extend_from_slice(neighbors);
        let nowhere = tile.atoms.len() as u32;
        let own = usize::from(species[center as usize]) * reach.n_species;
        let mut row = Vec::new();
        for other in 0..reach.n_species {
            tile.pairs.push([&[], &[]], nowhere);
            for (rows, cutoffs) in [(&mut tile.shared, &reach.pairs), (&mut tile.short, &reach.short)] {
                let within = cutoffs[own + other] * cutoffs[own + other];
                row.clear();
                row.extend((1..).zip(neighbors.iter().zip(squares)).filter_map(
                    |(image, (&atom, &square))| {
                        (usize::from(species[atom as usize]) == other && square < within).then_some(image)
                    },
                ));
                rows.push([&row, &[]], nowhere);
            }
        }
        tile
    }

    /// Puts the rows of the next centre behind those before it.
    pub(super) fn push(&mut self, rows: &Sorter<'_>) {
        // Rows are filled up with the image behind the last one, whose number is known at the end.
        for row in &rows.rows {
            for (to, from) in [
                (&mut self.pairs, &row.pairs),
                (&mut self.shared, &row.shared),
                (&mut self.short, &row.short),
            ] {
                to.push(from.each_ref().map(Vec::as_slice), u32::MAX);
            }
        }
    }

    /// Ends the tile after its last centre.
    pub(super) fn finish(&mut self) {
        let nowhere = self.atoms.len() as u32;
        for rows in [&mut self.pairs, &mut self.shared, &mut self.short] {
            for image in &mut rows.images {
                *image = (*image).min(nowhere);
            }
        }
    }

    /// The images at their places, from the positions of the atoms and the vectors of the shifts, with the one that
    /// fills up rows behind them; all sums 0.
    pub fn place(&self, positions: &[[f64; 3]], shift_vectors: &[[f64; 3]], images: &mut Vec<Image>) {
        images.clear();
        images.extend(self.atoms.iter().zip(&self.shifts).map(|(&atom, &shift)| {
            let (x, s) = (&positions[atom as usize], &shift_vectors[shift as usize]);
            Image::at([x[0] + s[0], x[1] + s[1], x[2] + s[2]])
        }));
        images.push(Image::nowhere());
    }
}

/// An image of an atom, in one line of the cache.
#[derive(Debug, Clone, Copy, Default)]
#[repr(align(64))]
pub struct Image {
    /// Position in Å; the fourth number is 0.
    pub place: [f64; 4],
    /// Force (eV/Å) and energy (eV).
    pub sum: [f64; 4],
}

impl Image {
    /// An image at a position (Å).
    pub fn at([x, y, z]: [f64; 3]) -> Self {
        Self { place: [x, y, z, 0.0], sum: [0.0; 4] }
    }

    /// The image that fills up rows.
    pub fn nowhere() -> Self {
        Self::at([NOWHERE, 0.0, 0.0])
    }
}

/// All tiles of a structure.
#[derive(Debug, Clone)]
pub struct Tiles {
    /// The tiles; every atom is a centre of one.
    pub tiles: Vec<Tile>,
    shifts: Vec<[i32; 3]>,
    n_atoms: usize,
}

impl Tiles {
    /// Cuts a list of at least the largest cutoff into tiles; how much further it reaches is the skin of all rows.
    ///
    /// # Panics
    /// If list, structure and species are of different lengths.
    pub fn new(list: &NeighborList, structure: &Structure, species: &[u16], reach: &Reach) -> Self {
        let order = SpatialOrder::new(structure);
        let mut builder = Builder::new(list, structure, species, reach, &order);
        let tiles = order.atoms.chunks(CENTERS).map(|centers| builder.tile(centers)).collect();
        Self { tiles, shifts: builder.shifts, n_atoms: structure.len() }
    }

    /// Number of atoms.
    pub fn n_atoms(&self) -> usize {
        self.n_atoms
    }

    /// The vectors `S·cell` of all shifts in Å, for [`Tile::place`].
    pub fn shift_vectors(&self, structure: &Structure) -> Vec<[f64; 3]> {
        self.shifts.iter().map(|&shift| structure.cell().shift_vector(shift)).collect()
    }
}

/// Tiles in the making.
struct Builder<'a> {
    list: &'a NeighborList,
    structure: &'a Structure,
    species: &'a [u16],
    order: &'a SpatialOrder,
    /// Place of each atom in the order.
    ranks: Vec<u32>,
    /// `S·cell` of the shifts of the list.
    shift_vectors: Vec<[f64; 3]>,
    shifts: Vec<[i32; 3]>,
    /// The image of each atom that was numbered last in this tile, `u32::MAX` for none.
    latest: Vec<u32>,
    /// The image of the same atom that was numbered before each image.
    earlier: Vec<u32>,
    rows: Sorter<'a>,
}

/// Images of one species around one centre: within the cutoff, and within the skin.
#[derive(Debug, Clone, Default)]
pub(super) struct Row {
    pub pairs: [Vec<u32>; 2],
    pub shared: [Vec<u32>; 2],
    pub short: [Vec<u32>; 2],
}

/// The rows of one centre in the making.
#[derive(Debug)]
pub(super) struct Sorter<'a> {
    reach: &'a Reach,
    skin: f64,
    /// By species of the neighbor.
    pub rows: Vec<Row>,
}

impl<'a> Sorter<'a> {
    pub fn new(reach: &'a Reach, skin: f64) -> Self {
        Self { reach, skin, rows: vec![Row::default(); reach.n_species] }
    }

    /// Starts with another centre.
    pub fn clear(&mut self) {
        for row in &mut self.rows {
            row.pairs.iter_mut().chain(&mut row.shared).chain(&mut row.short).for_each(Vec::clear);
        }
    }

    /// Whether an edge matters in pairs and from both ends: 0 within the cutoff, 1 within the skin.
    pub fn classes(&self, own: u16, other: u16, square: f64) -> [Option<usize>; 2] {
        let species = usize::from(own) * self.reach.n_species + usize::from(other);
        [self.reach.pairs[species], self.reach.short[species]].map(|cutoff| {
            let outer = cutoff + self.skin;
            (cutoff > 0.0 && square < outer * outer).then_some(usize::from(square >= cutoff * cutoff))
        })
    }
}

impl<'a> Builder<'a> {
    fn new(
        list: &'a NeighborList,
        structure: &'a Structure,
        species: &'a [u16],
        reach: &'a Reach,
        order: &'a SpatialOrder,
    ) -> Self {
        let mut ranks = vec![0; structure.len()];
        for (&atom, rank) in order.atoms.iter().zip(0..) {
            ranks[atom as usize] = rank;
        }
        Self {
            list,
            structure,
            species,
            order,
            ranks,
            shift_vectors: list.shifts().iter().map(|&s| structure.cell().shift_vector(s)).collect(),
            shifts: Vec::new(),
            latest: vec![u32::MAX; structure.len()],
            earlier: Vec::new(),
            rows: Sorter::new(reach, list.cutoff() - reach.largest()),
        }
    }

    fn tile(&mut self, centers: &[u32]) -> Tile {
        let mut tile = Tile { n_centers: centers.len(), ..Tile::default() };
        self.earlier.clear();
        for &center in centers {
            self.image(&mut tile, center, self.order.wraps[center as usize]);
        }
        for &center in centers {
            self.fill(&mut tile, center as usize);
            tile.push(&self.rows);
        }
        tile.finish();
        for &atom in &tile.atoms {
            self.latest[atom as usize] = u32::MAX;
        }
        tile
    }

    /// Finds the images around a centre.
    fn fill(&mut self, tile: &mut Tile, i: usize) {
        self.rows.clear();
        let (list, positions) = (self.list, self.structure.positions());
        for edge in list.offsets()[i]..list.offsets()[i + 1] {
            let (j, id) = (list.neighbors()[edge] as usize, list.shift_ids()[edge] as usize);
            let (shift, other) = (list.shifts()[id], self.species[j]);
            let d = edge_vector(&positions[i], &positions[j], &self.shift_vectors[id]);
            let [pair, short] = self.rows.classes(self.species[i], other, dot(&d, &d));
            let forward = self.ranks[j] > self.ranks[i] || (j == i && shift > [0; 3]);
            let pair = pair.filter(|_| forward);
            if pair.is_none() && short.is_none() {
                continue;
            }
            let wrap = self.order.wraps[i];
            let image = self.image(tile, j as u32, [0, 1, 2].map(|k| shift[k] + wrap[k]));
            let row = &mut self.rows.rows[usize::from(other)];
            if let Some(class) = pair {
                row.pairs[class].push(image);
            }
            if let Some(class) = short {
                row.short[class].push(image);
            }
        }
    }

    /// The number of an image in a tile.
    fn image(&mut self, tile: &mut Tile, atom: u32, shift: [i32; 3]) -> u32 {
        let mut image = self.latest[atom as usize];
        while image != u32::MAX {
            if self.shifts[tile.shifts[image as usize] as usize] == shift {
                return image;
            }
            image = self.earlier[image as usize];
        }
        // Few distinct shifts, most of them those found last.
        let known = self.shifts.iter().rposition(|known| *known == shift);
        let id = known.unwrap_or_else(|| {
            self.shifts.push(shift);
            self.shifts.len() - 1
        });
        let image = tile.atoms.len() as u32;
        tile.atoms.push(atom);
        tile.shifts.push(id as u32);
        self.earlier.push(self.latest[atom as usize]);
        self.latest[atom as usize] = image;
        image
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Result;
    use crate::structure::Cell;

    /// Random atoms of two species, some of them outside the cell, which is smaller than the cutoff.
    fn atoms() -> Result<Structure> {
        let mut state = 7_u64;
        let mut next = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (state >> 11) as f64 / (1_u64 << 53) as f64
        };
        let cell = Cell::new([[6.0, 0.0, 0.0], [2.5, 5.0, 0.0], [0.0, 1.0, 7.0]], [true, true, false])?;
        let positions: Vec<_> = (0..12).map(|_| [0, 1, 2].map(|_| 20.0 * next() - 9.0)).collect();
        Structure::new((0..12).map(|k| if k % 3 == 0 { 8 } else { 14 }).collect(), positions, cell)
    }

    #[test]
    fn rows_hold_every_edge() -> Result<()> {
        let structure = atoms()?;
        let species: Vec<u16> = structure.numbers().iter().map(|&z| u16::from(z == 14)).collect();
        let reach = Reach { n_species: 2, pairs: vec![5.0, 6.0, 6.0, 3.0], short: vec![4.0, 2.5, 6.0, 0.0] };
        let list = NeighborList::build(&structure, 6.5)?;
        let tiles = Tiles::new(&list, &structure, &species, &reach);
        let vectors = tiles.shift_vectors(&structure);
        let (mut n_pairs, mut n_short) = ([0; 4], [0; 4]);
        for tile in &tiles.tiles {
            let mut places = Vec::new();
            tile.place(structure.positions(), &vectors, &mut places);
            for center in 0..tile.n_centers {
                for other in 0..2 {
                    let class = 2 * usize::from(species[tile.atoms[center] as usize]) + other;
                    let within = |rows: &Rows, cutoff: f64| {
                        let row = rows.row(2 * center + other);
                        let square = |&image: &u32| {
                            let (a, b) = (places[center].place, places[image as usize].place);
                            (0..3).map(|k| (b[k] - a[k]) * (b[k] - a[k])).sum::<f64>()
                        };
                        row.iter().filter(|image| square(image) < cutoff * cutoff).count()
                    };
                    n_pairs[class] += within(&tile.pairs, reach.pairs[class]);
                    n_short[class] += within(&tile.short, reach.short[class]);
                }
            }
        }
        let displacements = crate::neighbors::Displacements::new(&list, &structure)?;
        let (mut all_pairs, mut all_short) = ([0; 4], [0; 4]);
        for i in 0..structure.len() {
            for (j, d) in displacements.for_center(i) {
                let class = 2 * usize::from(species[i]) + usize::from(species[j]);
                all_pairs[class] += usize::from(dot(&d, &d) < reach.pairs[class] * reach.pairs[class]);
                all_short[class] += usize::from(dot(&d, &d) < reach.short[class] * reach.short[class]);
            }
        }
        assert_eq!(n_short, all_short);
        assert_eq!([2 * n_pairs[0], 2 * n_pairs[3]], [all_pairs[0], all_pairs[3]]);
        assert_eq!(2 * (n_pairs[1] + n_pairs[2]), all_pairs[1] + all_pairs[2]);
        assert!(all_short[2] > 0 && all_pairs[1] > 0);
        Ok(())
    }
}
