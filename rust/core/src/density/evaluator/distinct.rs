//! The products of a centre without repetition, and the one-particle entries that they need.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::density::dag::Dag;
use crate::density::program::{Center, OneParticle, Ragged};
use crate::error::{Error, Result};

/// The distinct products of a program: a monomial and its conjugate (m → −m) have the same real part.
#[derive(Debug)]
pub struct Distinct {
    /// Index of the entry with −m of every one-particle entry.
    conjugate: Vec<u32>,
    /// Ascending factors of each distinct monomial; no two are equal or conjugate to each other.
    pub factors: Vec<Vec<u32>>,
    /// Distinct monomial of each monomial of the program.
    pub of: Vec<u32>,
}

impl Distinct {
    /// Those of the functions of `center`.
    ///
    /// # Errors
    /// [`Error::Setting`] if the one-particle basis is not closed under m → −m.
    pub fn new(center: &Center) -> Result<Self> {
        let conjugate = conjugates(&center.one_particle)?;
        let lesser = center.monomials.iter().map(|factors| {
            let mut flipped: Vec<u32> = factors.iter().map(|&v| conjugate[v as usize]).collect();
            flipped.sort_unstable();
            flipped.min(factors.to_vec())
        });
        let lesser: Vec<Vec<u32>> = lesser.collect();
        let mut index: BTreeMap<&[u32], u32> = lesser.iter().map(|factors| (&factors[..], 0)).collect();
        index.values_mut().zip(0..).for_each(|(place, q)| *place = q);
        let of = lesser.iter().map(|factors| index[&factors[..]]).collect();
        let factors = index.into_keys().map(<[u32]>::to_vec).collect();
        Ok(Self { conjugate, factors, of })
    }

    /// Terms `(leaf, coefficient)` of each function of order ≥ 2, for a graph of all distinct monomials.
    pub fn leaf_terms(&self, center: &Center, dag: &Dag) -> Ragged<(u32, f64)> {
        let mut leaf_of = vec![0; dag.leaf_monomials.len()];
        for (leaf, &q) in (0..).zip(&dag.leaf_monomials) {
            leaf_of[q as usize] = leaf;
        }
        let mut functions = Ragged::default();
        for terms in center.functions.iter() {
            let mut terms: Vec<(u32, f64)> =
                terms.iter().map(|&(q, c)| (leaf_of[self.of[q as usize] as usize], c)).collect();
            terms.sort_unstable_by_key(|term| term.0);
            terms.dedup_by(|next, kept| {
                let same = next.0 == kept.0;
                kept.1 += if same { next.1 } else { 0.0 };
                same
            });
            functions.push(terms);
        }
        functions
    }
}

/// Monomials of a centre with the entries of the one-particle basis that they use.
#[derive(Debug)]
pub struct Inputs {
    /// Entries in use, sorted by neighbor species, l, channel, m.
    pub entries: Vec<OneParticle>,
    /// Index of the entry with −m.
    pub conjugate: Vec<u32>,
    /// What the centre itself adds to each entry.
    pub own: Vec<f64>,
    /// Ascending entries of each monomial.
    pub monomials: Vec<Vec<u32>>,
}

impl Inputs {
    /// Those of the distinct monomials that are `used`.
    pub fn new(center: &Center, distinct: &Distinct, used: impl Fn(usize) -> bool) -> Self {
        let kept: Vec<&Vec<u32>> = distinct
            .factors
            .iter()
            .enumerate()
            .filter(|&(q, _)| used(q))
            .map(|(_, factors)| factors)
            .collect();
        let entries: BTreeSet<(u16, u8, u16, i8, u32)> = kept
            .iter()
            .flat_map(|factors| factors.iter())
            .flat_map(|&v| [v, distinct.conjugate[v as usize]])
            .map(|v| {
                let a = center.one_particle[v as usize];
                (a.species, a.l, a.channel, a.m, v)
            })
            .collect();
        let mut position = vec![u32::MAX; center.one_particle.len()];
        for (k, &(.., v)) in entries.iter().enumerate() {
            position[v as usize] = k as u32;
        }
        let place = |v: u32| position[v as usize];
        let mut own = vec![0.0; entries.len()];
        for &(v, value) in &center.own {
            own.get_mut(place(v) as usize).into_iter().for_each(|own| *own += value);
        }
        let monomials = kept.into_iter().map(|factors| {
            let mut factors: Vec<u32> = factors.iter().map(|&v| place(v)).collect();
            factors.sort_unstable();
            factors
        });
        Self {
            own,
            monomials: monomials.collect(),
            conjugate: entries.iter().map(|&(.., v)| place(distinct.conjugate[v as usize])).collect(),
            entries: entries.iter().map(|&(.., v)| center.one_particle[v as usize]).collect(),
        }
    }
}

/// Index of the entry with −m of every entry.
fn conjugates(one_particle: &[OneParticle]) -> Result<Vec<u32>> {
    let index: HashMap<OneParticle, u32> = one_particle.iter().zip(0..).map(|(v, k)| (*v, k)).collect();
    one_particle
        .iter()
        .map(|v| {
            index.get(&OneParticle { m: -v.m, ..*v }).copied().ok_or_else(|| Error::Setting {
                name: "program",
                reason: format!("the one-particle basis has {v:?} but not its conjugate"),
            })
        })
        .collect()
}
