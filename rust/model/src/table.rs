//! The table of a descriptor's features, and its digest, the fingerprint of a potential's basis.

use ferrip_core::ace::Factor;
use ferrip_core::density::{ANY_SPECIES, Program};
use ferrip_core::{acsf, cluster, density};
use sha2::{Digest, Sha256};

use crate::header::Fingerprint;

/// Centre's atomic number (0 where all centres share the features) and factors (atomic number or 0, n, l).
pub type Feature = (u8, Vec<(u8, u16, u8)>);

/// Features of a program of the density engine, whose functions of order ≥ 2 have the given factors, centre by centre.
pub fn of_density<'a>(
    program: &Program,
    functions: impl IntoIterator<Item = &'a Vec<Vec<Factor>>>,
) -> Vec<Feature> {
    let species = program.species();
    let mut entries = program.centers().iter().flat_map(|center| &center.one_particle);
    let embedded = entries.any(|entry| entry.species == ANY_SPECIES);
    let number = |k: u16| if embedded { 0 } else { species[usize::from(k)] };
    let mut table: Vec<Feature> = Vec::with_capacity(program.n_features());
    for ((&z0, center), own) in species.iter().zip(program.centers()).zip(functions) {
        for &z in species {
            table.extend((1..=center.n_pair as u16).map(|n| (z0, vec![(z, n, 0)])));
        }
        let factors = |list: &Vec<Factor>| list.iter().map(|f| (number(f.species), f.n, f.l)).collect();
        table.extend(own.iter().map(|list| (z0, factors(list))));
    }
    table
}

/// Features of moments: the tensors (μ, ν) of every scalar; none where they cannot be told.
pub fn of_moments(program: &density::moments::Program) -> Vec<Feature> {
    let products = program.products();
    let tensors = products.tensors().unwrap_or_else(|| vec![Vec::new(); products.scalars().len()]);
    let factors = |list: Vec<(usize, usize)>| list.iter().map(|&(mu, nu)| (0, mu as u16, nu as u8)).collect();
    tensors.into_iter().map(|list| (0, factors(list))).collect()
}

/// Features of splines.
pub fn of_cluster(program: &cluster::Program) -> Vec<Feature> {
    let factors = |list: &[(u8, u16)]| list.iter().map(|&(z, n)| (z, n, 0)).collect();
    program.labels().iter().map(|(z, list)| (*z, factors(list))).collect()
}

/// Symmetry functions: groups of neighbors (0 with weights) and the number of the function.
pub fn of_acsf(program: &acsf::Program) -> Vec<Feature> {
    let species = program.species();
    let number = |group: usize| if program.is_weighted() { 0 } else { species[group] };
    let feature = |z: u8, label: &acsf::Label| {
        (z, label.groups.iter().map(|&group| (number(group), label.number as u16, 0)).collect())
    };
    species.iter().flat_map(|&z| program.labels().iter().map(move |label| feature(z, label))).collect()
}

/// Number of features and digest of the table in JSON, as Python's `json.dumps` writes it.
pub fn fingerprint(table: &[Feature]) -> Fingerprint {
    let factor = |&(z, n, l): &(u8, u16, u8)| format!("[{z}, {n}, {l}]");
    let feature = |(center, factors): &Feature| format!("[{center}, [{}]]", joined(factors, factor));
    let text = format!("[{}]", joined(table, feature));
    Fingerprint { n_features: table.len(), sha256: format!("{:x}", Sha256::digest(text)) }
}

fn joined<T>(list: &[T], text: impl Fn(&T) -> String) -> String {
    list.iter().map(text).collect::<Vec<_>>().join(", ")
}
