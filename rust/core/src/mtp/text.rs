//! Reader of `.mtp` and `.almtp` files.
//!
//! Lines `name = value`, lists in braces, and the block `radial_coeffs` with a heading `i-j` and one list per radial
//! function for every ordered pair of species. What follows `#MVS` (the state of MLIP's active learning, binary)
//! is not read.

use crate::density::moments::{Moment, Polynomials, Product, Products, RadialSettings};
use crate::error::{Error, Result};

use super::file::MtpFile;

/// Most nodes that a file may ask for.
const MAX_NODES: usize = 4_000_000;
/// Most species.
const MAX_SPECIES: usize = 118;

fn at(line: usize, reason: impl Into<String>) -> Error {
    Error::Parse { line, reason: reason.into() }
}

/// The beginning of a text, for messages.
fn shortened(text: &str) -> String {
    let head: String = text.chars().take(40).collect();
    if head.len() < text.len() { format!("{head}…") } else { head }
}

impl MtpFile {
    /// Reads the bytes of a file.
    ///
    /// # Errors
    /// [`Error::Parse`] with the line; [`Error::Setting`] and [`Error::Length`] for parts that do not fit together.
    pub fn read(bytes: &[u8]) -> Result<Self> {
        let end = bytes.windows(4).position(|window| window == b"#MVS").unwrap_or(bytes.len());
        let text = std::str::from_utf8(&bytes[..end]).map_err(|error| {
            let lines = bytes[..error.valid_up_to()].split(|&byte| byte == b'\n').count();
            at(lines, "not text in UTF-8")
        })?;
        let mut entries = Entries::default();
        let mut lines = text.lines().enumerate().map(|(k, line)| (k + 1, line.trim()));
        match lines.find(|(_, line)| !line.is_empty()) {
            Some((_, "MTP")) => {}
            Some((k, line)) => return Err(at(k, format!("expected 'MTP', got '{}'", shortened(line)))),
            None => return Err(at(1, "expected 'MTP', got an empty file")),
        }
        while let Some((k, line)) = lines.next() {
            if line.is_empty() {
                continue;
            }
            if entries.in_radial_block && entries.radial_line(k, line)? {
                continue;
            }
            entries.in_radial_block = line == "radial_coeffs";
            if entries.in_radial_block {
                if entries.radial.replace(Radial::default()).is_some() {
                    return Err(at(k, "a second block radial_coeffs"));
                }
                continue;
            }
            let Some((name, value)) = line.split_once('=') else {
                return Err(at(k, format!("expected 'name = value', got '{}'", shortened(line))));
            };
            let mut value = value.trim().to_owned();
            while value.matches('{').count() > value.matches('}').count() {
                let Some((_, more)) = lines.next() else {
                    return Err(at(k, format!("{}: the list has no end", shortened(name.trim()))));
                };
                value.push(' ');
                value.push_str(more);
            }
            entries.set(k, name.trim(), &value)?;
        }
        entries.finish()
    }
}

/// Coefficients of radial functions as they come.
#[derive(Default)]
struct Radial {
    /// Line, centre and neighbor of every heading.
    pairs: Vec<(usize, usize, usize)>,
    /// Lists after every heading.
    rows: Vec<Vec<Vec<f64>>>,
}

/// Entries of a file as they come, with their lines.
#[derive(Default)]
struct Entries {
    in_radial_block: bool,
    in_radial_section: bool,
    scaling: Option<f64>,
    inner_scaling: Option<f64>,
    n_species: Option<usize>,
    tag: String,
    min: Option<f64>,
    max: Option<f64>,
    n_polynomials: Option<usize>,
    n_functions: Option<usize>,
    radial: Option<Radial>,
    n_nodes: Option<usize>,
    n_basic: Option<usize>,
    basic: Option<(usize, Vec<i64>)>,
    n_times: Option<usize>,
    times: Option<(usize, Vec<i64>)>,
    n_scalars: Option<usize>,
    mapping: Option<(usize, Vec<i64>)>,
    species: Option<Vec<f64>>,
    moments: Option<Vec<f64>>,
}

impl Entries {
    /// Takes a line of the radial block; `false` for a line after it.
    fn radial_line(&mut self, line: usize, text: &str) -> Result<bool> {
        let Some(radial) = &mut self.radial else { return Ok(false) };
        if text.starts_with('{') {
            let Some(rows) = radial.rows.last_mut() else {
                return Err(at(line, "radial_coeffs: expected a pair such as '0-0' first"));
            };
            rows.push(reals(line, "radial_coeffs", text)?);
            return Ok(true);
        }
        let Some((i, j)) = text.split_once('-') else { return Ok(false) };
        let (Ok(i), Ok(j)) = (i.trim().parse(), j.trim().parse()) else { return Ok(false) };
        if radial.pairs.iter().any(|&(_, a, b)| (a, b) == (i, j)) {
            return Err(at(line, format!("radial_coeffs: the pair {i}-{j} comes twice")));
        }
        radial.pairs.push((line, i, j));
        radial.rows.push(Vec::new());
        Ok(true)
    }

    fn set(&mut self, line: usize, name: &str, value: &str) -> Result<()> {
        let size = || integer(line, name, value);
        let real = || finite(line, name, value);
        match name {
            "version" | "potential_name" => {}
            "potential_tag" => value.clone_into(&mut self.tag),
            "scaling" if self.in_radial_section => once(line, name, &mut self.inner_scaling, real()?)?,
            "scaling" => once(line, name, &mut self.scaling, real()?)?,
            "species_count" => once(line, name, &mut self.n_species, size()?)?,
            "radial_basis_type" => {
                if value != "RBChebyshev" {
                    let known = "the radial basis that is known is RBChebyshev";
                    return Err(at(line, format!("{known}, got '{}'", shortened(value))));
                }
                self.in_radial_section = true;
            }
            "min_dist" | "min_val" | "min" => once(line, name, &mut self.min, real()?)?,
            "max_dist" | "max_val" | "max" => once(line, name, &mut self.max, real()?)?,
            "radial_basis_size" | "basis_size" | "size" => {
                once(line, name, &mut self.n_polynomials, size()?)?;
            }
            "radial_funcs_count" => once(line, name, &mut self.n_functions, size()?)?,
            "alpha_moments_count" => once(line, name, &mut self.n_nodes, size()?)?,
            "alpha_index_basic_count" => once(line, name, &mut self.n_basic, size()?)?,
            "alpha_index_basic" => once(line, name, &mut self.basic, (line, integers(line, name, value)?))?,
            "alpha_index_times_count" => once(line, name, &mut self.n_times, size()?)?,
            "alpha_index_times" => once(line, name, &mut self.times, (line, integers(line, name, value)?))?,
            "alpha_scalar_moments" => once(line, name, &mut self.n_scalars, size()?)?,
            "alpha_moment_mapping" => {
                once(line, name, &mut self.mapping, (line, integers(line, name, value)?))?;
            }
            "species_coeffs" => once(line, name, &mut self.species, reals(line, name, value)?)?,
            "moment_coeffs" => once(line, name, &mut self.moments, reals(line, name, value)?)?,
            _ if name.contains("mag") => {
                return Err(at(line, format!("magnetic potentials are not known ('{}')", shortened(name))));
            }
            _ => return Err(at(line, format!("unknown entry '{}'", shortened(name)))),
        }
        if name.starts_with("alpha_") {
            self.in_radial_section = false;
        }
        Ok(())
    }

    fn finish(self) -> Result<MtpFile> {
        let n_species = needed("species_count", self.n_species)?;
        if n_species == 0 || n_species > MAX_SPECIES {
            let reason = format!("expected 1 to {MAX_SPECIES}, got {n_species}");
            return Err(Error::Setting { name: "species_count", reason });
        }
        let radial = RadialSettings {
            polynomials: Polynomials::Chebyshev,
            n_polynomials: needed("radial_basis_size", self.n_polynomials)?,
            n_functions: needed("radial_funcs_count", self.n_functions)?,
            scaling: self.scaling.unwrap_or(1.0) * self.inner_scaling.unwrap_or(1.0),
        };
        radial.check()?;
        let (basic_line, basic) = needed("alpha_index_basic", self.basic)?;
        let (times_line, times) = needed("alpha_index_times", self.times)?;
        let (mapping_line, mapping) = needed("alpha_moment_mapping", self.mapping)?;
        for (line, name, list, count, width) in [
            (basic_line, "alpha_index_basic", &basic, self.n_basic, 4),
            (times_line, "alpha_index_times", &times, self.n_times, 4),
            (mapping_line, "alpha_moment_mapping", &mapping, self.n_scalars, 1),
        ] {
            if list.len() % width != 0 {
                return Err(at(
                    line,
                    format!("{name}: expected groups of {width} numbers, got {}", list.len()),
                ));
            }
            if let Some(count) = count.filter(|&count| count != list.len() / width) {
                return Err(at(
                    line,
                    format!("{name}: expected {count} entries, got {}", list.len() / width),
                ));
            }
        }
        let n_nodes = needed("alpha_moments_count", self.n_nodes)?;
        if n_nodes > MAX_NODES || n_nodes < basic.len() / 4 {
            let reason = format!("expected {} to {MAX_NODES}, got {n_nodes}", basic.len() / 4);
            return Err(Error::Setting { name: "alpha_moments_count", reason });
        }
        let moments = basic
            .chunks_exact(4)
            .map(|m| {
                let bad = || at(basic_line, format!("alpha_index_basic: no moment {m:?}"));
                let power = |k: usize| u8::try_from(m[k]).ok().filter(|&n| n <= 15).ok_or_else(bad);
                let radial =
                    usize::try_from(m[0]).ok().filter(|&mu| mu < radial.n_functions).ok_or_else(bad)?;
                Ok(Moment { radial, powers: [power(1)?, power(2)?, power(3)?] })
            })
            .collect::<Result<Vec<_>>>()?;
        let node = |line: usize, name: &str, n: i64| {
            u32::try_from(n).map_err(|_| at(line, format!("{name}: no node {n}")))
        };
        let products = times
            .chunks_exact(4)
            .map(|t| {
                let node = |k: usize| node(times_line, "alpha_index_times", t[k]);
                Ok(Product { factors: [node(0)?, node(1)?], weight: t[2] as f64, target: node(3)? })
            })
            .collect::<Result<Vec<_>>>()?;
        let scalars = mapping
            .iter()
            .map(|&n| node(mapping_line, "alpha_moment_mapping", n))
            .collect::<Result<Vec<_>>>()?;
        let radial_coefficients = self.radial.map(|block| block.finish(n_species, &radial)).transpose()?;
        let file = MtpFile {
            n_species,
            tag: self.tag,
            min: needed("min_dist", self.min)?,
            max: needed("max_dist", self.max)?,
            radial,
            radial_coefficients,
            products: Products::new(moments, n_nodes, &products, &scalars)?,
            species_coefficients: self.species,
            moment_coefficients: self.moments,
        };
        file.check()?;
        Ok(file)
    }
}

impl Radial {
    /// All coefficients by centre, neighbor, function and polynomial.
    fn finish(self, n_species: usize, settings: &RadialSettings) -> Result<Vec<f64>> {
        let size = settings.n_functions * settings.n_polynomials;
        let mut blocks = vec![None; n_species * n_species];
        for ((line, i, j), rows) in self.pairs.into_iter().zip(self.rows) {
            if i >= n_species || j >= n_species {
                return Err(at(
                    line,
                    format!("radial_coeffs: there is no pair {i}-{j} of {n_species} species"),
                ));
            }
            if rows.len() != settings.n_functions
                || rows.iter().any(|row| row.len() != settings.n_polynomials)
            {
                let (n, m) = (settings.n_functions, settings.n_polynomials);
                return Err(at(
                    line,
                    format!("radial_coeffs: expected {n} lists of {m} numbers for {i}-{j}"),
                ));
            }
            blocks[i * n_species + j] = Some(rows.concat());
        }
        let mut out = Vec::new();
        for (k, block) in blocks.into_iter().enumerate() {
            let Some(block) = block else {
                let reason = format!("the pair {}-{} is missing", k / n_species, k % n_species);
                return Err(Error::Setting { name: "radial_coeffs", reason });
            };
            debug_assert_eq!(block.len(), size);
            out.extend(block);
        }
        Ok(out)
    }
}

fn once<T>(line: usize, name: &str, slot: &mut Option<T>, value: T) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(at(line, format!("{} comes twice", shortened(name)))),
    }
}

fn needed<T>(name: &'static str, value: Option<T>) -> Result<T> {
    value.ok_or_else(|| Error::Setting { name, reason: "missing in the file".into() })
}

fn finite(line: usize, name: &str, value: &str) -> Result<f64> {
    let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
    number.ok_or_else(|| at(line, format!("{name}: expected a number, got '{}'", shortened(value))))
}

fn integer(line: usize, name: &str, value: &str) -> Result<usize> {
    value.parse().map_err(|_| at(line, format!("{name}: expected a count, got '{}'", shortened(value))))
}

/// The words of a list in braces, which may hold lists.
fn words<'a>(line: usize, name: &str, value: &'a str) -> Result<impl Iterator<Item = &'a str>> {
    let bad = || at(line, format!("{name}: expected a list in braces, got '{}'", shortened(value)));
    let inner = value.strip_prefix('{').and_then(|rest| rest.strip_suffix('}')).ok_or_else(bad)?;
    let mut depth = 0_i32;
    for c in inner.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        if !(0..=1).contains(&depth) {
            return Err(bad());
        }
    }
    let separator = |c: char| c == ',' || c == '{' || c == '}' || c.is_whitespace();
    Ok(inner.split(separator).filter(|word| !word.is_empty()))
}

fn reals(line: usize, name: &str, value: &str) -> Result<Vec<f64>> {
    words(line, name, value)?.map(|word| finite(line, name, word)).collect()
}

fn integers(line: usize, name: &str, value: &str) -> Result<Vec<i64>> {
    let read = |word: &str| {
        let number = word.parse().map_err(|_| ());
        number.map_err(|()| at(line, format!("{name}: expected an integer, got '{}'", shortened(word))))
    };
    words(line, name, value)?.map(read).collect()
}
