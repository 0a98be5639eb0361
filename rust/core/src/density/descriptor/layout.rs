//! The one-particle basis of a centre as real numbers.
//!
//! `A_{l,−m} = (−1)^m conj(A_lm)`, so only entries with m ≥ 0 are kept ("half basis"), each as two real
//! rows: 2h for the real and 2h + 1 for the imaginary part.

use std::collections::HashMap;
use std::ops::Range;

use crate::density::program::{Center, Ragged};
use crate::spherical::Harmonics;

/// One entry with m ≥ 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Half {
    /// Index of the neighbor species, or `ANY_SPECIES`.
    pub species: u16,
    /// Degree.
    pub l: u8,
    /// Order, 0 ..= l.
    pub m: u8,
    /// Radial channel.
    pub channel: u16,
}

/// How an entry of the one-particle basis follows from the half basis:
/// `A = re·Re a_h + i·im·Im a_h`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mapped {
    pub half: u32,
    pub re: f64,
    pub im: f64,
}

/// Index tables of one centre species.
#[derive(Debug)]
pub(super) struct Layout {
    /// Half basis, sorted by species, l, m, channel.
    pub half: Vec<Half>,
    /// Half-basis range of each neighbor species, and of the entries of any species at the end.
    pub of_species: Vec<Range<usize>>,
    /// Image of every one-particle entry.
    pub mapped: Vec<Mapped>,
    /// Real rows that each function of order ≥ 2 depends on, ascending.
    pub support: Ragged<u32>,
    /// Spherical harmonics up to the largest l.
    pub harmonics: Harmonics,
}

impl Layout {
    pub fn new(center: &Center) -> Self {
        let n_species = center.radial.len();
        let mut half: Vec<Half> = center
            .one_particle
            .iter()
            .map(|v| Half { species: v.species, l: v.l, m: v.m.unsigned_abs(), channel: v.channel })
            .collect();
        half.sort_unstable();
        half.dedup();
        let index: HashMap<Half, u32> = half.iter().enumerate().map(|(k, h)| (*h, k as u32)).collect();
        let mapped: Vec<Mapped> = center
            .one_particle
            .iter()
            .map(|v| {
                let m = v.m.unsigned_abs();
                let sign = if v.m < 0 && m % 2 == 1 { -1.0 } else { 1.0 };
                let half = index[&Half { species: v.species, l: v.l, m, channel: v.channel }];
                Mapped { half, re: sign, im: if v.m < 0 { -sign } else { sign } }
            })
            .collect();
        let before = |limit: usize| half.partition_point(|h| usize::from(h.species) < limit);
        let mut of_species: Vec<_> = (0..n_species).map(|s| before(s)..before(s + 1)).collect();
        of_species.push(before(n_species)..half.len());
        let mut support = Ragged::default();
        for terms in center.functions.iter() {
            let mut rows: Vec<u32> = terms
                .iter()
                .flat_map(|&(q, _)| center.monomials.get(q as usize))
                .flat_map(|&v| {
                    let h = mapped[v as usize].half;
                    let imaginary = half[h as usize].m > 0;
                    std::iter::once(2 * h).chain(imaginary.then_some(2 * h + 1))
                })
                .collect();
            rows.sort_unstable();
            rows.dedup();
            support.push(rows);
        }
        Self { half, of_species, mapped, support, harmonics: Harmonics::new(center.lmax()) }
    }
}
