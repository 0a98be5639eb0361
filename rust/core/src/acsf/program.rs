//! Checked settings and where their functions have their columns.

use super::functions::Functions;
use super::{AcsfSettings, MAX_FEATURES};
use crate::error::{Error, Result};

/// What a feature is: groups of neighbors (a species, or a row of weights) and number of the function, from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// One group for a radial function, two for an angular one.
    pub groups: Vec<usize>,
    /// G2 by G2, or G4 by G4 and then G5 by G5.
    pub number: usize,
}

/// The columns in which neighbors of some species count: (first column within those of the centre, weight).
type Places = Vec<(usize, f64)>;

/// Validated symmetry functions.
#[derive(Debug)]
pub struct Program {
    settings: AcsfSettings,
    functions: Functions,
    /// By species of the neighbor.
    of_pair: Vec<Places>,
    /// By species of both neighbors, `z_j S + z_k`.
    of_triplet: Vec<Places>,
    labels: Vec<Label>,
}

impl Program {
    /// Checks the settings.
    ///
    /// # Errors
    /// [`Error::Setting`] for numbers out of range, [`Error::TooLarge`] for too many features.
    pub fn new(settings: AcsfSettings) -> Result<Self> {
        settings.check()?;
        let functions = Functions::new(&settings);
        let (n, n_radial, n_angular) = (settings.elements.len(), functions.n_radial(), functions.n_angular());
        let (pair_groups, triplet_groups): (Vec<Vec<usize>>, Vec<Vec<usize>>) =
            match &settings.species_weights {
                None => {
                    let pairs = (0..n).flat_map(|a| (a..n).map(move |b| vec![a, b]));
                    ((0..n).map(|z| vec![z]).collect(), pairs.collect())
                }
                Some(rows) => {
                    let rows = 0..rows.len();
                    (rows.clone().map(|k| vec![k]).collect(), rows.map(|k| vec![k, k]).collect())
                }
            };
        let size = n * (pair_groups.len() * n_radial + triplet_groups.len() * n_angular);
        if size > MAX_FEATURES {
            return Err(Error::TooLarge { what: "number of features", size, limit: MAX_FEATURES });
        }
        let weight = |group: usize, z: usize| match &settings.species_weights {
            None => f64::from(u8::from(group == z)),
            Some(rows) => rows[group][z],
        };
        let places = |groups: &[Vec<usize>], start: usize, width: usize, weight: &dyn Fn(&[usize]) -> f64| {
            let places = groups.iter().enumerate().map(|(k, group)| (start + k * width, weight(group)));
            places.filter(|(_, weight)| *weight != 0.0 && width > 0).collect::<Places>()
        };
        let of_pair =
            (0..n).map(|z| places(&pair_groups, 0, n_radial, &|group| weight(group[0], z))).collect();
        let first_angular = pair_groups.len() * n_radial;
        let of_triplet = (0..n * n)
            .map(|k| {
                let (a, b) = ((k / n).min(k % n), (k / n).max(k % n));
                places(&triplet_groups, first_angular, n_angular, &|group| {
                    weight(group[0], a) * weight(group[1], b)
                })
            })
            .collect();
        let label = |groups: &[Vec<usize>], count: usize| -> Vec<Label> {
            let of = |groups: &Vec<usize>| {
                let groups = groups.clone();
                (1..=count).map(move |number| Label { groups: groups.clone(), number })
            };
            groups.iter().flat_map(of).collect()
        };
        let labels = [label(&pair_groups, n_radial), label(&triplet_groups, n_angular)].concat();
        Ok(Self { settings, functions, of_pair, of_triplet, labels })
    }

    /// Atomic numbers, ascending.
    pub fn species(&self) -> &[u8] {
        &self.settings.elements
    }

    /// Å
    pub fn cutoff(&self) -> f64 {
        self.settings.cutoff
    }

    /// What the features of a centre are; the same for all species.
    pub fn labels(&self) -> &[Label] {
        &self.labels
    }

    /// Whether groups are rows of weights.
    pub fn is_weighted(&self) -> bool {
        self.settings.species_weights.is_some()
    }

    pub(super) fn functions(&self) -> &Functions {
        &self.functions
    }

    pub(super) fn pair(&self, z: usize) -> &[(usize, f64)] {
        &self.of_pair[z]
    }

    pub(super) fn triplet(&self, z_j: usize, z_k: usize) -> &[(usize, f64)] {
        &self.of_triplet[z_j * self.species().len() + z_k]
    }
}
