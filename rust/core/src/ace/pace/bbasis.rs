//! Pacemaker's `.yaml` file: B-basis functions, which couple products to scalars by trees of Clebsch–Gordan
//! coefficients; they are expanded to the products and C-tilde coefficients of `.yace`.

use std::collections::BTreeMap;

use crate::elements::atomic_number;
use crate::error::Result;

use super::clebsch_gordan::couplings;
use super::model::{
    Bond, Embedding, Function, MAX_COEFFICIENTS, MAX_DENSITIES, MAX_L, MAX_RADIAL, MAX_RANK, PaceModel,
};
use super::radial::RadialBase;
use super::yace::{inner_kind, radial_coefficients, radial_kind, terms, variant};
use super::yaml::{Node, Value, at, parse, shortened};

/// Keys at the top that are used; `metadata` and `auxdata` are not.
const KEYS: [&str; 2] = ["global", "species"];
/// Most combinations of m of one function.
const MAX_COMBINATIONS: f64 = 1e7;
/// Default of `rho_core_cut` and `drho_core_cut`, eV.
const CORE_SWITCH: [f64; 2] = [100_000.0, 250.0];

/// Reads a B-basis file.
///
/// # Errors
/// [`crate::Error::Parse`] with the line; [`crate::Error::Setting`] for parts that do not fit together.
pub fn read(text: &str) -> Result<PaceModel> {
    let root = parse(text, &KEYS)?;
    let blocks = root.get("species")?.items("species")?;
    let mut names: Vec<String> = Vec::new();
    for block in blocks {
        for name in words(block.get("speciesblock")?)? {
            if !names.iter().any(|known| known == name) {
                names.push(name.to_owned());
            }
        }
    }
    names.sort();
    let line = root.line;
    let elements = names.iter().map(|name| atomic_number(name).ok_or_else(|| no_element(line, name)));
    let mut builder = Builder {
        elements: elements.collect::<Result<_>>()?,
        embeddings: vec![None; names.len()],
        bonds: BTreeMap::new(),
        cores: BTreeMap::new(),
        functions: vec![Vec::new(); names.len()],
        names,
    };
    for block in blocks {
        builder.add_parameters(block)?;
    }
    for block in blocks {
        builder.add_functions(block)?;
    }
    let width = root.get("global")?.get("DeltaSplineBins")?.number("DeltaSplineBins")?;
    builder.finish(line, width)
}

/// The words of a scalar.
fn words(node: &Node) -> Result<Vec<&str>> {
    let words: Vec<&str> = node.text("elements")?.split_whitespace().collect();
    if words.is_empty() { Err(at(node.line, "expected symbols of elements")) } else { Ok(words) }
}

fn no_element(line: usize, name: &str) -> crate::Error {
    at(line, format!("no element '{}'", shortened(name)))
}

/// Core repulsion and inner cutoff of a bond.
#[derive(Debug, Clone)]
struct Core {
    prefactor: f64,
    lambda: f64,
    inner: (f64, f64, super::model::InnerCutoff),
}

struct Builder {
    names: Vec<String>,
    elements: Vec<u8>,
    embeddings: Vec<Option<Embedding>>,
    /// By (centre, neighbor); the core part is filled in at the end.
    bonds: BTreeMap<(usize, usize), Bond>,
    cores: BTreeMap<(usize, usize), Core>,
    functions: Vec<Vec<Function>>,
}

impl Builder {
    fn index(&self, line: usize, name: &str) -> Result<usize> {
        self.names.iter().position(|known| known == name).ok_or_else(|| no_element(line, name))
    }

    /// Embedding, radial functions and core repulsion of a block of one or two elements.
    fn add_parameters(&mut self, block: &Node) -> Result<()> {
        let name = block.get("speciesblock")?;
        let symbols = words(name)?;
        let center = self.index(name.line, symbols[0])?;
        let mut others: Vec<&str> = symbols[1..].iter().copied().filter(|s| *s != symbols[0]).collect();
        others.dedup();
        let pair = match others[..] {
            [] => {
                if self.embeddings[center].replace(embedding(block)?).is_some() {
                    return Err(at(name.line, format!("a second block of {}", symbols[0])));
                }
                (center, center)
            }
            [other] => (center, self.index(name.line, other)?),
            _ => return Ok(()),
        };
        if block.find("lmaxi")?.is_some() {
            self.bonds.insert(pair, bond(block)?);
        }
        if let Some(core) = core(block)? {
            self.cores.insert(pair, core);
        }
        Ok(())
    }

    fn add_functions(&mut self, block: &Node) -> Result<()> {
        let Some(list) = block.find("nbody")? else { return Ok(()) };
        for node in list.items("nbody")? {
            let kind = node.get("type")?;
            let symbols = words(kind)?;
            let indices = symbols.iter().map(|s| self.index(kind.line, s)).collect::<Result<Vec<_>>>()?;
            let skipped = node.find("skip")?.is_some_and(|flag| {
                matches!(&flag.value, Value::Scalar(text) if ["true", "True", "yes", "on"].contains(&&**text))
            });
            if skipped || indices.len() == 1 {
                continue;
            }
            let center = indices[0];
            let Some(embedding) = &self.embeddings[center] else {
                return Err(at(kind.line, format!("{} has no block of its own", symbols[0])));
            };
            let function = function(node, indices[1..].to_vec(), embedding.terms.len())?;
            self.functions[center].push(function);
        }
        Ok(())
    }

    fn finish(self, line: usize, bin_width: f64) -> Result<PaceModel> {
        let n = self.names.len();
        let mut bonds = Vec::with_capacity(n * n);
        for pair in (0..n).flat_map(|i| (0..n).map(move |j| (i, j))) {
            let mirrored = (pair.1, pair.0);
            let (i, j) = (&self.names[pair.0], &self.names[pair.1]);
            let bond = self.bonds.get(&pair).or_else(|| self.bonds.get(&mirrored));
            let mut bond = bond.ok_or_else(|| at(line, format!("no radial functions for {i} {j}")))?.clone();
            if let Some(core) = self.cores.get(&pair).or_else(|| self.cores.get(&mirrored)) {
                (bond.core_prefactor, bond.core_lambda) = (core.prefactor, core.lambda);
                (bond.inner_cutoff, bond.inner_width, bond.inner_kind) = core.inner;
            }
            bonds.push(bond);
        }
        let missing = |k: usize| at(line, format!("no block of {} alone", self.names[k]));
        let embeddings = self.embeddings.into_iter().enumerate();
        let embeddings = embeddings.map(|(k, e)| e.ok_or_else(|| missing(k))).collect::<Result<Vec<_>>>()?;
        let model = PaceModel {
            elements: self.elements,
            e0: vec![0.0; n],
            bin_width,
            embeddings,
            bonds,
            functions: self.functions,
        };
        model.check()?;
        Ok(model)
    }
}

fn embedding(block: &Node) -> Result<Embedding> {
    let n = block.get("ndensityi")?.integer("ndensityi", 1..=MAX_DENSITIES)? as usize;
    let or = |key: &str, default: f64| block.find(key)?.map_or(Ok(default), |value| value.number(key));
    Ok(Embedding {
        terms: terms(block.get("parameters")?, n)?,
        variant: variant(block.get("npoti")?)?,
        rho_cut: or("rho_core_cut", CORE_SWITCH[0])?,
        drho_cut: or("drho_core_cut", CORE_SWITCH[1])?,
    })
}

/// Radial functions of a block, without core repulsion.
fn bond(block: &Node) -> Result<Bond> {
    let size =
        |key: &str, most: i64| -> Result<usize> { Ok(block.get(key)?.integer(key, 0..=most)? as usize) };
    let (n_radial, lmax, n_base) =
        (size("nradmaxi", MAX_RADIAL)?, size("lmaxi", MAX_L)?, size("nradbaseij", MAX_RADIAL)?);
    let parameters = block.get("radparameters")?;
    let lambda = parameters.numbers("radparameters")?.first().copied();
    Ok(Bond {
        base: RadialBase {
            kind: radial_kind(block.get("radbase")?)?,
            lambda: lambda.ok_or_else(|| at(parameters.line, "radparameters: expected a number"))?,
            cutoff: block.get("rcutij")?.number("rcutij")?,
            width: block.get("dcutij")?.number("dcutij")?,
        },
        n_radial,
        lmax,
        n_base,
        coefficients: coefficients(block.get("radcoefficients")?, [n_radial, lmax + 1, n_base])?,
        core_prefactor: 0.0,
        core_lambda: 0.0,
        inner_cutoff: 0.0,
        inner_width: 0.0,
        inner_kind: inner_kind(block.find("inner_cutoff_type")?)?,
    })
}

/// Nested lists `[n][l][k]`, or the flat list `[k][n][l]` of older files.
fn coefficients(node: &Node, [n, l, k]: [usize; 3]) -> Result<Vec<f64>> {
    let nested = node.items("radcoefficients")?.iter().all(|item| matches!(item.value, Value::Sequence(_)));
    if nested {
        return radial_coefficients(node, [n, l, k]);
    }
    let flat = node.numbers("radcoefficients")?;
    if flat.len() < n * l * k || n * l * k > MAX_COEFFICIENTS {
        return Err(at(node.line, format!("radcoefficients: expected {n} × {l} × {k} numbers")));
    }
    Ok((0..n * l).flat_map(|nl| (0..k).map(move |k| (nl, k))).map(|(nl, k)| flat[k * n * l + nl]).collect())
}

fn core(block: &Node) -> Result<Option<Core>> {
    let given = ["core-repulsion", "inner_cutoff_type", "r_in", "delta_in"];
    if given.iter().map(|key| block.find(key)).collect::<Result<Vec<_>>>()?.iter().all(Option::is_none) {
        return Ok(None);
    }
    let parameters = match block.find("core-repulsion")? {
        Some(node) => match node.numbers("core-repulsion")?[..] {
            [prefactor, lambda, ..] => [prefactor, lambda],
            _ => return Err(at(node.line, "core-repulsion: expected prefactor and exponent")),
        },
        None => [0.0; 2],
    };
    let or_zero = |key: &str| block.find(key)?.map_or(Ok(0.0), |value| value.number(key));
    let kind = inner_kind(block.find("inner_cutoff_type")?)?;
    let inner = (or_zero("r_in")?, or_zero("delta_in")?, kind);
    Ok(Some(Core { prefactor: parameters[0], lambda: parameters[1], inner }))
}

/// A B-basis function as products with coefficients.
fn function(node: &Node, elements: Vec<usize>, n_densities: usize) -> Result<Function> {
    let rank = elements.len();
    if rank > MAX_RANK as usize {
        return Err(at(node.line, format!("a function of {rank} neighbors, {MAX_RANK} are possible")));
    }
    let list = |key: &str, length: usize, range: std::ops::RangeInclusive<i64>| -> Result<Vec<i64>> {
        let node = node.get(key)?;
        let values = node.integers(key, &range)?;
        if values.len() != length {
            return Err(at(node.line, format!("{key}: expected {length} entries, got {}", values.len())));
        }
        Ok(values)
    };
    let ns = list("nr", rank, 1..=MAX_RADIAL)?;
    let ls = list("nl", rank, 0..=MAX_L)?;
    let between = if rank > 2 { list("lint", rank - 2, 0..=2 * MAX_L)? } else { Vec::new() };
    let c = node.get("c")?;
    let c = match c.value {
        Value::Scalar(_) => vec![c.number("c")?],
        _ => c.numbers("c")?,
    };
    if c.len() != n_densities {
        return Err(at(node.line, format!("c: expected {n_densities} coefficients, got {}", c.len())));
    }
    if ls.iter().sum::<i64>() % 2 != 0 || rank == 1 && ls[0] != 0 {
        return Err(at(node.line, format!("nl: {ls:?} does not couple to a scalar")));
    }
    if ls.iter().map(|&l| (2 * l + 1) as f64).product::<f64>() > MAX_COMBINATIONS {
        return Err(at(node.line, format!("nl: {ls:?} has too many combinations of m")));
    }
    let as_i32 = |list: &[i64]| -> Vec<i32> { list.iter().map(|&l| l as i32).collect() };
    let mut out = Function {
        elements,
        ns: ns.iter().map(|&n| n as usize).collect(),
        ls: ls.iter().map(|&l| l as usize).collect(),
        ms: Vec::new(),
        coefficients: Vec::new(),
    };
    for (ms, coupling) in couplings(&as_i32(&ls), &as_i32(&between)) {
        out.ms.extend(ms);
        out.coefficients.extend(c.iter().map(|c| c * coupling));
    }
    Ok(out)
}
