//! The `.yace` file of ML-PACE: YAML with C-tilde coefficients.

use std::ops::RangeInclusive;

use crate::density::readout::Variant;
use crate::elements::atomic_number;
use crate::error::Result;

use super::model::{
    Bond, Embedding, Function, InnerCutoff, MAX_COEFFICIENTS, MAX_DENSITIES, MAX_L, MAX_RADIAL, MAX_RANK,
    PaceModel,
};
use super::radial::{RadialBase, RadialKind};
use super::yaml::{Node, at, parse, shortened};

/// Keys at the top of the file.
const KEYS: [&str; 6] = ["elements", "E0", "deltaSplineBins", "embeddings", "bonds", "functions"];

/// Reads a `.yace` file.
///
/// # Errors
/// [`crate::Error::Parse`] with the line; [`crate::Error::Setting`] for parts that do not fit together.
pub fn read(text: &str) -> Result<PaceModel> {
    let root = parse(text, &KEYS)?;
    let elements = elements(root.get("elements")?)?;
    let n = elements.len();
    let e0 = root.get("E0")?.numbers("E0")?;
    let mut embeddings = vec![None; n];
    for (key, node) in root.get("embeddings")?.entries("embeddings")? {
        let k = element_index(key, n)?;
        embeddings[k] = Some(embedding(node)?);
    }
    let mut bonds = vec![None; n * n];
    for (key, node) in root.get("bonds")?.entries("bonds")? {
        let pair = key.integers("bond", &(0..=n as i64 - 1))?;
        let &[i, j] = &pair[..] else {
            return Err(at(key.line, format!("a bond is two elements, got {}", pair.len())));
        };
        bonds[i as usize * n + j as usize] = Some(bond(node)?);
    }
    let mut functions = vec![Vec::new(); n];
    for (key, node) in root.get("functions")?.entries("functions")? {
        let k = element_index(key, n)?;
        functions[k] = node.items("functions")?.iter().map(|f| function(f, k)).collect::<Result<_>>()?;
    }
    let missing = |what: &str| at(root.line, format!("{what} are not given for all {n} elements"));
    let model = PaceModel {
        elements,
        e0,
        bin_width: root.get("deltaSplineBins")?.number("deltaSplineBins")?,
        embeddings: embeddings.into_iter().collect::<Option<_>>().ok_or_else(|| missing("embeddings"))?,
        bonds: bonds.into_iter().collect::<Option<_>>().ok_or_else(|| missing("bonds"))?,
        functions,
    };
    model.check()?;
    Ok(model)
}

/// Atomic numbers of a list of symbols.
pub(super) fn elements(node: &Node) -> Result<Vec<u8>> {
    let items = node.items("elements")?;
    if items.is_empty() || items.len() > 118 {
        return Err(at(node.line, format!("elements: expected 1 to 118 symbols, got {}", items.len())));
    }
    items
        .iter()
        .map(|item| {
            let name = item.text("elements")?;
            atomic_number(name)
                .ok_or_else(|| at(item.line, format!("elements: no element '{}'", shortened(name))))
        })
        .collect()
}

fn element_index(key: &Node, n: usize) -> Result<usize> {
    key.integer("element", 0..=n as i64 - 1).map(|k| k as usize)
}

/// An embedding, in the keys of `.yace`.
fn embedding(node: &Node) -> Result<Embedding> {
    let n = node.get("ndensity")?.integer("ndensity", 1..=MAX_DENSITIES)? as usize;
    Ok(Embedding {
        terms: terms(node.get("FS_parameters")?, n)?,
        variant: variant(node.get("npoti")?)?,
        rho_cut: node.get("rho_core_cutoff")?.number("rho_core_cutoff")?,
        drho_cut: node.get("drho_core_cutoff")?.number("drho_core_cutoff")?,
    })
}

/// `n` pairs of prefactor and exponent.
pub(super) fn terms(node: &Node, n: usize) -> Result<Vec<(f64, f64)>> {
    let parameters = node.numbers("FS parameters")?;
    if parameters.len() < 2 * n {
        return Err(at(node.line, format!("{n} densities need {} FS parameters", 2 * n)));
    }
    let terms: Vec<(f64, f64)> = parameters.chunks_exact(2).take(n).map(|pair| (pair[0], pair[1])).collect();
    if terms.iter().any(|&(_, exponent)| exponent <= 0.0) {
        return Err(at(node.line, "FS parameters: expected positive exponents"));
    }
    Ok(terms)
}

/// The shape of the embedding.
pub(super) fn variant(node: &Node) -> Result<Variant> {
    let name = node.text("npoti")?;
    variant_named(name).ok_or_else(|| at(node.line, format!("npoti: no embedding '{}'", shortened(name))))
}

/// The shape of the embedding with a name of the files.
pub(super) fn variant_named(name: &str) -> Option<Variant> {
    match name {
        "FinnisSinclair" => Some(Variant::Plain),
        "FinnisSinclairShiftedScaled" => Some(Variant::ShiftedScaled),
        _ => None,
    }
}

/// A bond, in the keys of `.yace`.
fn bond(node: &Node) -> Result<Bond> {
    let size = |key: &str, range: RangeInclusive<i64>| -> Result<usize> {
        Ok(node.get(key)?.integer(key, range)? as usize)
    };
    let (n_radial, lmax, n_base) =
        (size("nradmax", 0..=MAX_RADIAL)?, size("lmax", 0..=MAX_L)?, size("nradbasemax", 0..=MAX_RADIAL)?);
    let kind = radial_kind(node.get("radbasename")?)?;
    let parameters = node.get("radparameters")?;
    let lambda = parameters.numbers("radparameters")?.first().copied();
    let lambda = lambda.ok_or_else(|| at(parameters.line, "radparameters: expected a number"))?;
    let number = |key: &str| node.get(key)?.number(key);
    let optional = |key: &str| node.find(key)?.map_or(Ok(0.0), |value| value.number(key));
    Ok(Bond {
        base: RadialBase { kind, lambda, cutoff: number("rcut")?, width: number("dcut")? },
        n_radial,
        lmax,
        n_base,
        coefficients: radial_coefficients(node.get("radcoefficients")?, [n_radial, lmax + 1, n_base])?,
        core_prefactor: number("prehc")?,
        core_lambda: number("lambdahc")?,
        inner_cutoff: optional("rcut_in")?,
        inner_width: optional("dcut_in")?,
        inner_kind: inner_kind(node.find("inner_cutoff_type")?)?,
    })
}

/// The family of radial basis functions.
pub(super) fn radial_kind(node: &Node) -> Result<RadialKind> {
    let name = node.text("radbasename")?;
    RadialKind::from_name(name).ok_or_else(|| {
        let known = "ChebExpCos, ChebPow, ChebLinear, SBessel";
        at(node.line, format!("radial basis '{}' is not supported; known: {known}", shortened(name)))
    })
}

/// The kind of the inner cutoff; old files without it mean the density.
pub(super) fn inner_kind(node: Option<&Node>) -> Result<InnerCutoff> {
    let Some(node) = node else { return Ok(InnerCutoff::Density) };
    let name = node.text("inner_cutoff_type")?;
    InnerCutoff::from_name(name)
        .ok_or_else(|| at(node.line, format!("inner_cutoff_type: no kind '{}'", shortened(name))))
}

/// Nested lists `[n][l][k]`; longer lists are cut, as ML-PACE does.
pub(super) fn radial_coefficients(node: &Node, [n, l, k]: [usize; 3]) -> Result<Vec<f64>> {
    let what = "radcoefficients";
    if n * l * k > MAX_COEFFICIENTS {
        return Err(at(node.line, format!("{what}: more than {MAX_COEFFICIENTS} numbers")));
    }
    let of_length = |node: &'_ Node, length: usize| -> Result<()> {
        let got = node.items(what)?.len();
        if got < length {
            return Err(at(node.line, format!("{what}: expected {length} entries, got {got}")));
        }
        Ok(())
    };
    let mut out = Vec::with_capacity(n * l * k);
    of_length(node, n)?;
    for row in &node.items(what)?[..n] {
        of_length(row, l)?;
        for list in &row.items(what)?[..l] {
            of_length(list, k)?;
            for value in &list.items(what)?[..k] {
                out.push(value.number(what)?);
            }
        }
    }
    Ok(out)
}

/// A function of centre element `center`.
fn function(node: &Node, center: usize) -> Result<Function> {
    let own = node.get("mu0")?;
    if own.integer("mu0", 0..=117)? as usize != center {
        return Err(at(own.line, format!("mu0: a function of another element among those of {center}")));
    }
    let rank = node.get("rank")?.integer("rank", 1..=MAX_RANK)? as usize;
    let list = |key: &str, range: RangeInclusive<i64>| -> Result<Vec<usize>> {
        let node = node.get(key)?;
        let values = node.integers(key, &range)?;
        if values.len() != rank {
            return Err(at(node.line, format!("{key}: rank {rank}, but {} entries", values.len())));
        }
        Ok(values.into_iter().map(|v| v as usize).collect())
    };
    let ms = node.get("ms_combs")?;
    Ok(Function {
        elements: list("mus", 0..=117)?,
        ns: list("ns", 1..=MAX_RADIAL)?,
        ls: list("ls", 0..=MAX_L)?,
        ms: ms.integers("ms_combs", &(-MAX_L..=MAX_L))?.into_iter().map(|m| m as i8).collect(),
        coefficients: node.get("ctildes")?.numbers("ctildes")?,
    })
}
