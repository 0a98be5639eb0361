//! Enumeration of the basis: multisets of factors (neighbor species, n, l).

use super::settings::{AceSettings, MAX_FEATURES, MAX_L, Selection, SpeciesBasis};
use crate::error::{Error, Result};

/// One factor of a basis function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Factor {
    /// Degree of the spherical harmonic.
    pub l: u8,
    /// Radial function, 1 is the first.
    pub n: u16,
    /// Index of the neighbor species, or of the embedding channel.
    pub species: u16,
}

/// All multisets of factors that the settings select, ascending inside each, without repetition;
/// those that cannot couple to an invariant may be among them.
///
/// # Errors
/// [`Error::TooLarge`] if there are more than the library can handle.
pub fn enumerate(settings: &AceSettings) -> Result<Vec<Vec<Factor>>> {
    match &settings.selection {
        Selection::Degree { degrees, l_weight } => {
            let extra = match &settings.species {
                SpeciesBasis::Resolved => vec![0.0; settings.elements.len()],
                SpeciesBasis::Embedded { weights, contrast_degree } => {
                    (0..weights.len()).map(|k| if k == 0 { 0.0 } else { *contrast_degree }).collect()
                }
            };
            let mut out = Vec::new();
            for (k, &degree) in degrees.iter().enumerate() {
                by_degree(&extra, k + 2, degree, *l_weight, &mut out)?;
            }
            Ok(out)
        }
        Selection::Explicit(lists) => {
            let mut out: Vec<Vec<Factor>> = lists
                .iter()
                .map(|list| {
                    let mut factors: Vec<Factor> = list
                        .iter()
                        .map(|&(z, n, l)| Factor {
                            l,
                            n,
                            species: settings.elements.partition_point(|&e| e < z) as u16,
                        })
                        .collect();
                    factors.sort_unstable();
                    factors
                })
                .collect();
            out.sort_unstable_by(|a, b| a.len().cmp(&b.len()).then_with(|| a.cmp(b)));
            out.dedup();
            Ok(out)
        }
    }
}

/// Appends the multisets of one order; `extra` is what each species or channel adds to the degree.
fn by_degree(
    extra: &[f64],
    order: usize,
    degree: f64,
    l_weight: f64,
    out: &mut Vec<Vec<Factor>>,
) -> Result<()> {
    let limit = degree - (order as f64 - 1.0) + 1e-9; // what one factor may cost: the others have n = 1, l = 0
    let mut factors = Vec::new();
    for l in 0..=MAX_L {
        for n in 1..=60_u16 {
            let cost = f64::from(n) + l_weight * f64::from(l);
            factors.extend(
                (0_u16..)
                    .zip(extra)
                    .map(|(species, extra)| (Factor { l, n, species }, cost + extra))
                    .filter(|(_, cost)| *cost <= limit),
            );
        }
    }
    let mut stack = Vec::with_capacity(order);
    extend(&factors, 0, order, degree + 1e-9, &mut stack, out)
}

fn extend(
    factors: &[(Factor, f64)],
    start: usize,
    order: usize,
    left: f64,
    stack: &mut Vec<Factor>,
    out: &mut Vec<Vec<Factor>>,
) -> Result<()> {
    if stack.len() == order {
        let sum: u32 = stack.iter().map(|f| u32::from(f.l)).sum();
        let largest = stack.iter().map(|f| u32::from(f.l)).max().unwrap_or(0);
        if sum % 2 == 0 && 2 * largest <= sum {
            out.push(stack.clone());
        }
        if out.len() > MAX_FEATURES {
            return Err(Error::TooLarge {
                what: "number of basis functions",
                size: out.len(),
                limit: MAX_FEATURES,
            });
        }
        return Ok(());
    }
    let after = (order - stack.len() - 1) as f64;
    for (k, &(factor, cost)) in factors.iter().enumerate().skip(start) {
        if cost + after <= left {
            stack.push(factor);
            extend(factors, k, order, left - cost, stack, out)?;
            stack.pop();
        }
    }
    Ok(())
}
