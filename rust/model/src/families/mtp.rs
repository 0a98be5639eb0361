//! MTP: level or list of scalars, and radial functions of every ordered pair.

use std::collections::BTreeMap;
use std::sync::Arc;

use ferrip_core::density::moments::{
    Descriptor, Moment, PairRadial, Polynomials, Product, Products, Program, RadialSettings,
};
use ferrip_core::elements::symbol;
use ferrip_core::mtp::{Rule, plan};
use serde::Deserialize;

use crate::error::{Error, Result};

/// Complete settings.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    elements: Vec<u8>,
    scalars: Scalars,
    radial: Radial,
}

#[derive(Deserialize)]
#[serde(untagged, deny_unknown_fields)]
enum Scalars {
    Rule {
        level: usize,
        max_radial: Option<usize>,
        max_rank: Option<usize>,
        max_factors: usize,
    },
    List {
        /// (μ, powers of x, y and z)
        moments: Vec<(usize, u8, u8, u8)>,
        n_nodes: usize,
        /// (two factors, weight, target)
        products: Vec<(u32, u32, f64, u32)>,
        scalars: Vec<u32>,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Radial {
    polynomials: Kind,
    scaling: f64,
    /// (min, max, softness) in Å by ordered pair.
    ranges: BTreeMap<String, (f64, f64, f64)>,
    /// (functions, polynomials) by ordered pair.
    coefficients: BTreeMap<String, Vec<Vec<f64>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Chebyshev,
    Jacobi,
}

/// The descriptor of complete settings.
///
/// # Errors
/// [`Error::Content`] for a pair without radial functions; those of the core.
pub fn descriptor(settings: Settings) -> Result<Descriptor> {
    let Settings { elements, scalars, radial } = settings;
    let pairs = elements.iter().flat_map(|&a| elements.iter().map(move |&b| (a, b)));
    let rows: Vec<(PairRadial, [usize; 2])> =
        pairs.map(|(a, b)| radial.pair(&name(a, b))).collect::<Result<_>>()?;
    let Some(&(_, [n_functions, n_polynomials])) = rows.first() else {
        return Err(Error::content("settings: no elements"));
    };
    if rows.iter().any(|(_, shape)| *shape != [n_functions, n_polynomials]) {
        return Err(Error::content("settings: the pairs have different numbers of radial functions"));
    }
    let polynomials = match radial.polynomials {
        Kind::Chebyshev => Polynomials::Chebyshev,
        Kind::Jacobi => Polynomials::Jacobi,
    };
    let of_radial = RadialSettings { polynomials, n_polynomials, n_functions, scaling: radial.scaling };
    let pairs = rows.into_iter().map(|(pair, _)| pair).collect();
    let program = Program::new(elements, of_radial, pairs, Arc::new(scalars.products()?))?;
    Ok(Descriptor::new(Arc::new(program)))
}

fn name(a: u8, b: u8) -> String {
    format!("{}-{}", symbol(a).unwrap_or("?"), symbol(b).unwrap_or("?"))
}

impl Radial {
    /// The functions of an ordered pair, and the numbers of functions and polynomials.
    fn pair(&self, name: &str) -> Result<(PairRadial, [usize; 2])> {
        let both = self.ranges.get(name).zip(self.coefficients.get(name));
        let (&(min, max, softness), rows) =
            both.ok_or_else(|| Error::content(format!("settings: no radial functions for {name}")))?;
        let shape = [rows.len(), rows.first().map_or(0, Vec::len)];
        if rows.iter().any(|row| row.len() != shape[1]) {
            return Err(Error::content(format!("settings: radial functions of {name} differ in length")));
        }
        Ok((PairRadial { min, max, softness, coefficients: rows.concat() }, shape))
    }
}

impl Scalars {
    fn products(self) -> Result<Products> {
        match self {
            Self::Rule { level, max_radial, max_rank, max_factors } => {
                Ok(plan(&Rule::new(level, max_radial, max_rank, max_factors)?.scalars()))
            }
            Self::List { moments, n_nodes, products, scalars } => {
                if n_nodes < moments.len() || n_nodes > moments.len() + products.len() {
                    return Err(Error::content(format!("settings: {n_nodes} is no number of nodes")));
                }
                let moments = moments
                    .into_iter()
                    .map(|(radial, a, b, c)| Moment { radial, powers: [a, b, c] })
                    .collect();
                let products: Vec<Product> = products
                    .into_iter()
                    .map(|(a, b, weight, target)| Product { factors: [a, b], weight, target })
                    .collect();
                Ok(Products::new(moments, n_nodes, &products, &scalars)?)
            }
        }
    }
}
