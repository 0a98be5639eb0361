//! The older `.ace` text file of ML-PACE.

use crate::elements::atomic_number;
use crate::error::Result;

use super::model::{
    Bond, Embedding, Function, InnerCutoff, MAX_COEFFICIENTS, MAX_DENSITIES, MAX_L, MAX_RADIAL, MAX_RANK,
    PaceModel,
};
use super::radial::{RadialBase, RadialKind};
use super::yace::variant_named;
use super::yaml::{at, shortened};

/// Most functions of one element.
const MAX_FUNCTIONS: i64 = 10_000_000;

/// Reads an `.ace` file.
///
/// # Errors
/// [`crate::Error::Parse`] with the line; [`crate::Error::Setting`] for parts that do not fit together.
pub fn read(text: &str) -> Result<PaceModel> {
    let mut cursor = Cursor::new(text);
    let n = cursor.labelled_integer("nelements=", 1..=118)? as usize;
    cursor.label("elements:")?;
    let elements = (0..n).map(|_| cursor.element()).collect::<Result<Vec<u8>>>()?;
    let lmax = cursor.labelled_integer("lmax=", 0..=MAX_L)? as usize;
    let header = Header::read(&mut cursor, n)?;
    let kind_line = cursor.line();
    cursor.label("radbasename=")?;
    let name = cursor.word("radbasename")?;
    let kind = RadialKind::from_name(name).ok_or_else(|| {
        at(kind_line, format!("radial basis '{}' is not supported in a .ace file", shortened(name)))
    })?;
    let n_base = cursor.labelled_integer("nradbase=", 0..=MAX_RADIAL)? as usize;
    let n_radial = cursor.labelled_integer("nradmax=", 0..=MAX_RADIAL)? as usize;
    cursor.label("cutoffmax=")?;
    cursor.number("cutoffmax")?;
    cursor.label("deltaSplineBins=")?;
    let bin_width = cursor.number("deltaSplineBins")?;
    let bonds = bonds(&mut cursor, n, [n_radial, lmax, n_base], kind)?;
    cursor.labelled_integer("rankmax=", 0..=MAX_RANK)?;
    let n_densities = cursor.labelled_integer("ndensitymax=", 1..=MAX_DENSITIES)? as usize;
    let embeddings = header.embeddings(n_densities, cursor.line())?;
    for label in ["num_c_tilde_max=", "num_ms_combinations_max="] {
        cursor.labelled_integer(label, 0..=i64::MAX)?;
    }
    let mut functions = vec![Vec::new(); n];
    for label in ["total_basis_size_rank1:", "total_basis_size:"] {
        cursor.label(label)?;
        let sizes = (0..n).map(|_| cursor.integer(label, 0..=MAX_FUNCTIONS)).collect::<Result<Vec<i64>>>()?;
        for (own, size) in functions.iter_mut().zip(sizes) {
            for _ in 0..size {
                own.push(function(&mut cursor, n_densities)?);
            }
        }
    }
    let model = PaceModel { elements, e0: header.e0, bin_width, embeddings, bonds, functions };
    model.check()?;
    Ok(model)
}

/// What stands between the angular and the radial basis.
struct Header {
    variant: Option<String>,
    parameters: Vec<f64>,
    core: Vec<(f64, f64)>,
    e0: Vec<f64>,
}

impl Header {
    fn read(cursor: &mut Cursor<'_>, n: usize) -> Result<Self> {
        let variant = if cursor.skip("embedding-function:") {
            Some(cursor.word("embedding-function")?.into())
        } else {
            None
        };
        let size = cursor.integer("number of FS parameters", 0..=2 * MAX_DENSITIES)?;
        cursor.label("FS parameters:")?;
        let parameters = (0..size).map(|_| cursor.number("FS parameters")).collect::<Result<_>>()?;
        cursor.label("core energy-cutoff parameters:")?;
        let core = (0..n)
            .map(|_| Ok((cursor.number("core energy-cutoff")?, cursor.number("core energy-cutoff")?)))
            .collect::<Result<_>>()?;
        let e0 = if cursor.skip("E0:") {
            (0..n).map(|_| cursor.number("E0")).collect::<Result<_>>()?
        } else {
            vec![0.0; n]
        };
        Ok(Self { variant, parameters, core, e0 })
    }

    /// One embedding for all elements; only the core switch differs.
    fn embeddings(&self, n_densities: usize, line: usize) -> Result<Vec<Embedding>> {
        if self.parameters.len() < 2 * n_densities {
            return Err(at(line, format!("{n_densities} densities need {} FS parameters", 2 * n_densities)));
        }
        let terms: Vec<(f64, f64)> =
            self.parameters.chunks_exact(2).take(n_densities).map(|pair| (pair[0], pair[1])).collect();
        let name = self.variant.as_deref().unwrap_or("FinnisSinclair");
        let variant = variant_named(name)
            .ok_or_else(|| at(line, format!("embedding-function: no embedding '{}'", shortened(name))))?;
        if terms.iter().any(|&(_, exponent)| exponent <= 0.0) {
            return Err(at(line, "FS parameters: expected positive exponents"));
        }
        let of = |&(rho_cut, drho_cut): &(f64, f64)| Embedding {
            terms: terms.clone(),
            variant,
            rho_cut,
            drho_cut,
        };
        Ok(self.core.iter().map(of).collect())
    }
}

fn bonds(
    cursor: &mut Cursor<'_>,
    n: usize,
    [n_radial, lmax, n_base]: [usize; 3],
    kind: RadialKind,
) -> Result<Vec<Bond>> {
    let size = n_radial * (lmax + 1) * n_base;
    if size * n * n > MAX_COEFFICIENTS {
        return Err(at(cursor.line(), format!("crad: more than {MAX_COEFFICIENTS} numbers")));
    }
    cursor.label("core repulsion parameters:")?;
    let core = (0..n * n)
        .map(|_| Ok([cursor.number("core repulsion")?, cursor.number("core repulsion")?]))
        .collect::<Result<Vec<_>>>()?;
    let mut columns = Vec::new();
    for label in ["radparameter=", "cutoff=", "dcut="] {
        cursor.label(label)?;
        columns.push((0..n * n).map(|_| cursor.number(label)).collect::<Result<Vec<f64>>>()?);
    }
    cursor.label("crad=")?;
    let mut out = Vec::with_capacity(n * n);
    for (pair, &[core_prefactor, core_lambda]) in core.iter().enumerate() {
        let mut coefficients = vec![0.0; size];
        for k in 0..n_base {
            for nl in 0..n_radial * (lmax + 1) {
                coefficients[nl * n_base + k] = cursor.number("crad")?;
            }
        }
        out.push(Bond {
            base: RadialBase {
                kind,
                lambda: columns[0][pair],
                cutoff: columns[1][pair],
                width: columns[2][pair],
            },
            n_radial,
            lmax,
            n_base,
            coefficients,
            core_prefactor,
            core_lambda,
            inner_cutoff: 0.0,
            inner_width: 1e-5,
            inner_kind: InnerCutoff::Density,
        });
    }
    Ok(out)
}

fn function(cursor: &mut Cursor<'_>, n_densities: usize) -> Result<Function> {
    cursor.label("ctilde_basis_func:")?;
    let rank = cursor.labelled_integer("rank=", 1..=MAX_RANK)? as usize;
    let line = cursor.line();
    if cursor.labelled_integer("ndens=", 1..=MAX_DENSITIES)? as usize != n_densities {
        return Err(at(line, format!("ndens: expected {n_densities} densities in every function")));
    }
    cursor.labelled_integer("mu0=", 0..=117)?;
    let mut list = |label: &str, range: std::ops::RangeInclusive<i64>| -> Result<Vec<usize>> {
        cursor.label(label)?;
        let values = (0..rank)
            .map(|_| cursor.integer(label, range.clone()).map(|v| v as usize))
            .collect::<Result<_>>()?;
        cursor.label(")")?;
        Ok(values)
    };
    let (elements, ns, ls) = (list("mu=(", 0..=117)?, list("n=(", 1..=MAX_RADIAL)?, list("l=(", 0..=MAX_L)?);
    let combinations = cursor.labelled_integer("num_ms=", 0..=1 << 24)?;
    let (mut ms, mut coefficients) = (Vec::new(), Vec::new());
    for _ in 0..combinations {
        cursor.label("<")?;
        for _ in 0..rank {
            ms.push(cursor.integer("m", -MAX_L..=MAX_L)? as i8);
        }
        cursor.label(">:")?;
        for _ in 0..n_densities {
            coefficients.push(cursor.number("coefficient")?);
        }
    }
    Ok(Function { elements, ns, ls, ms, coefficients })
}

/// A position in the text that knows its line.
struct Cursor<'a> {
    rest: &'a str,
    line: usize,
}

impl<'a> Cursor<'a> {
    /// At the first line that starts with `nelements=`: what stands before is a comment.
    fn new(text: &'a str) -> Self {
        let (mut rest, mut line) = (text, 1);
        while !rest.trim_start_matches([' ', '\t']).starts_with("nelements=") {
            match rest.split_once('\n') {
                Some((_, after)) => (rest, line) = (after, line + 1),
                None => break,
            }
        }
        Self { rest, line }
    }

    fn line(&self) -> usize {
        self.line
    }

    fn skip_space(&mut self) {
        let trimmed = self.rest.trim_start();
        let skipped = &self.rest[..self.rest.len() - trimmed.len()];
        self.line += skipped.bytes().filter(|&b| b == b'\n').count();
        self.rest = trimmed;
    }

    /// Takes the label if it is next; a blank in it stands for any blanks.
    fn skip(&mut self, label: &str) -> bool {
        let (rest, line) = (self.rest, self.line);
        for word in label.split(' ') {
            self.skip_space();
            let Some(after) = self.rest.strip_prefix(word) else {
                (self.rest, self.line) = (rest, line);
                return false;
            };
            self.rest = after;
        }
        true
    }

    fn label(&mut self, label: &str) -> Result<()> {
        if self.skip(label) {
            return Ok(());
        }
        self.skip_space();
        let found = self.rest.split_whitespace().next().unwrap_or("the end of the file");
        Err(at(self.line, format!("expected '{label}', found '{}'", shortened(found))))
    }

    fn word(&mut self, what: &str) -> Result<&'a str> {
        self.skip_space();
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        if end == 0 {
            return Err(at(self.line, format!("{what}: the file ends here")));
        }
        let (word, rest) = self.rest.split_at(end);
        self.rest = rest;
        Ok(word)
    }

    fn number(&mut self, what: &str) -> Result<f64> {
        let word = self.word(what)?;
        match word.parse::<f64>() {
            Ok(value) if value.is_finite() => Ok(value),
            _ => {
                let what = what.trim_end_matches(['=', ':']);
                Err(at(self.line, format!("{what}: expected a finite number, got '{}'", shortened(word))))
            }
        }
    }

    fn integer(&mut self, what: &str, range: std::ops::RangeInclusive<i64>) -> Result<i64> {
        let word = self.word(what)?;
        match word.parse::<i64>() {
            Ok(value) if range.contains(&value) => Ok(value),
            _ => {
                let (what, got) = (what.trim_end_matches(['=', ':', '(']), shortened(word));
                let (low, high) = (range.start(), range.end());
                Err(at(self.line, format!("{what}: expected an integer from {low} to {high}, got '{got}'")))
            }
        }
    }

    fn labelled_integer(&mut self, label: &str, range: std::ops::RangeInclusive<i64>) -> Result<i64> {
        self.label(label)?;
        self.integer(label, range)
    }

    fn element(&mut self) -> Result<u8> {
        let name = self.word("elements")?;
        atomic_number(name)
            .ok_or_else(|| at(self.line, format!("elements: no element '{}'", shortened(name))))
    }
}
