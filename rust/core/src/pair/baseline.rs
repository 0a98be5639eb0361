//! The pair functions of a potential: any number of terms for every pair of elements.

use std::collections::BTreeMap;

use crate::elements::symbol;
use crate::error::{Error, Result};

use super::ending::Ending;
use super::form::Form;

/// A pair function of two elements.
#[derive(Debug, Clone, PartialEq)]
pub struct Term {
    /// Atomic numbers.
    pub elements: [u8; 2],
    /// The function.
    pub form: Form,
    /// How it ends.
    pub ending: Ending,
    /// Where it ends, Å.
    pub cutoff: f64,
}

/// Pair functions V between chosen pairs of elements; each atom of a pair carries `V/2`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Baseline {
    terms: BTreeMap<(u8, u8), Vec<Ended>>,
}

/// A checked term with what its evaluation needs.
#[derive(Debug, Clone, PartialEq)]
struct Ended {
    term: Term,
    /// Å; linear below.
    core: f64,
    /// Value and slope of the form at the cutoff.
    last: (f64, f64),
}

impl Baseline {
    /// The sum of the terms; pairs that are not named do not interact.
    ///
    /// # Errors
    /// [`Error::Setting`] for an unknown element, a cutoff within the core, a switch without
    /// `core ≤ start < cutoff`, or a cutoff beyond the end of a table.
    pub fn new(terms: Vec<Term>) -> Result<Self> {
        let mut baseline = Self::default();
        for term in terms {
            let [a, b] = term.elements;
            baseline.terms.entry((a.min(b), a.max(b))).or_default().push(Ended::new(term)?);
        }
        Ok(baseline)
    }

    /// Whether there is any term.
    pub fn is_empty(&self) -> bool {
        self.terms.is_empty()
    }

    /// All terms, by elements.
    pub fn terms(&self) -> impl Iterator<Item = &Term> {
        self.terms.values().flatten().map(|ended| &ended.term)
    }

    /// Distance (Å) at which the functions of a pair end; 0 for a pair without any.
    pub fn cutoff(&self, z1: u8, z2: u8) -> f64 {
        self.of(z1, z2).iter().map(|ended| ended.term.cutoff).fold(0.0, f64::max)
    }

    /// Largest distance (Å) at which any function ends.
    pub fn max_cutoff(&self) -> f64 {
        self.terms().map(|term| term.cutoff).fold(0.0, f64::max)
    }

    /// Energy (eV) of the pair and its derivative (eV/Å) at distance `r` (Å).
    pub fn evaluate(&self, z1: u8, z2: u8, r: f64) -> (f64, f64) {
        self.of(z1, z2).iter().fold((0.0, 0.0), |(value, slope), ended| {
            let (v, dv) = ended.evaluate(r);
            (value + v, slope + dv)
        })
    }

    fn of(&self, z1: u8, z2: u8) -> &[Ended] {
        self.terms.get(&(z1.min(z2), z1.max(z2))).map_or(&[], Vec::as_slice)
    }
}

impl Ended {
    fn new(term: Term) -> Result<Self> {
        let [z1, z2] = term.elements;
        let bad = |reason: String| Err(Error::Setting { name: "pairs", reason });
        let (Some(a), Some(b)) = (symbol(z1), symbol(z2)) else {
            return bad(format!("atomic numbers are 1 to 118, got {z1} and {z2}"));
        };
        let core = term.form.core()?;
        let cutoff = term.cutoff;
        if !(cutoff > core && cutoff > 0.0 && cutoff.is_finite()) {
            return bad(format!("{a}-{b}: expected a cutoff beyond {core:.3} Å, got {cutoff}"));
        }
        if let Ending::Switch { start } = term.ending {
            if !(start >= core && start < cutoff) {
                return bad(format!(
                    "{a}-{b}: expected a switch from {core:.3} Å or later to the cutoff of {cutoff} Å, got {start}"
                ));
            }
        }
        if let Form::Table(nodes) = &term.form {
            let end = nodes.range()[1];
            if cutoff > end {
                return bad(format!("{a}-{b}: the table ends at {end} Å, before the cutoff of {cutoff} Å"));
            }
        }
        let last = term.form.evaluate(term.elements.map(f64::from), cutoff);
        Ok(Self { term, core, last })
    }

    fn evaluate(&self, r: f64) -> (f64, f64) {
        let Term { elements, form, ending, cutoff } = &self.term;
        if r >= *cutoff {
            return (0.0, 0.0);
        }
        let from = r.max(self.core);
        let bare = form.evaluate(elements.map(f64::from), from);
        let (v, dv) = ending.apply(from, *cutoff, bare, self.last);
        (v + dv * (r - from), dv)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn term(elements: [u8; 2], form: &str, numbers: &[f64], ending: Ending, cutoff: f64) -> Result<Term> {
        Ok(Term { elements, form: Form::named(form, numbers)?, ending, cutoff })
    }

    fn zbl(elements: [u8; 2], start: f64, cutoff: f64) -> Result<Baseline> {
        Baseline::new(vec![term(elements, "zbl", &[], Ending::Switch { start }, cutoff)?])
    }

    #[test]
    fn derivatives_are_those_of_the_energies() -> Result<()> {
        let table = [1.0, 1.8, 3.0, 4.5, 2.0, -0.3, -0.1, 0.0, -4.0, -0.5, 0.1, 0.0];
        let switch = Ending::Switch { start: 3.0 };
        let terms = [
            ("zbl", &[][..], Ending::Switch { start: 0.7 }, 1.4),
            ("lennard-jones", &[0.1, 2.0], switch, 4.0),
            ("morse", &[0.3, 1.4, 2.2], Ending::ShiftForce, 4.0),
            ("buckingham", &[800.0, 0.3, 20.0], Ending::Shift, 4.0),
            ("buckingham", &[800.0, 0.3, 0.0], Ending::Shift, 4.0),
            ("table", &table, switch, 4.5),
        ];
        for (form, numbers, ending, cutoff) in terms {
            let one = Baseline::new(vec![term([14, 8], form, numbers, ending, cutoff)?])?;
            for k in 1..900 {
                let r = 0.005 * f64::from(k) + 1e-4;
                let h = 1e-6;
                let numeric = (one.evaluate(8, 14, r + h).0 - one.evaluate(8, 14, r - h).0) / (2.0 * h);
                let (v, dv) = one.evaluate(14, 8, r);
                assert!((numeric - dv).abs() < 1e-5 * (1.0 + dv.abs()), "{form} {r}: {numeric} {dv}");
                assert!(r > 0.9 || (v > 0.0 && dv < 0.0), "{form} does not repel at {r}");
            }
            assert_eq!(one.evaluate(14, 8, cutoff), (0.0, 0.0));
            assert!(one.evaluate(14, 8, cutoff - 1e-6).0.abs() < 1e-5);
            assert_eq!(one.evaluate(14, 14, 1.0), (0.0, 0.0));
            let again = one.terms().map(|term| term.form.name()).next();
            assert_eq!(again, Some((form, numbers.to_vec())));
        }
        Ok(())
    }

    #[test]
    fn terms_of_a_pair_add_up() -> Result<()> {
        let terms = || -> Result<[Term; 2]> {
            Ok([
                term([14, 8], "zbl", &[], Ending::Switch { start: 0.7 }, 1.4)?,
                term([8, 14], "morse", &[0.3, 1.4, 2.2], Ending::Shift, 4.0)?,
            ])
        };
        let both = Baseline::new(terms()?.into())?;
        assert_eq!((both.cutoff(8, 14), both.max_cutoff(), both.cutoff(8, 8)), (4.0, 4.0, 0.0));
        let parts = terms()?.map(|term| Baseline::new(vec![term]).map(|one| one.evaluate(8, 14, 1.1).0));
        let [a, b] = parts;
        assert!((both.evaluate(8, 14, 1.1).0 - a? - b?).abs() < 1e-12);
        Ok(())
    }

    #[test]
    fn bad_terms_are_refused() {
        for (start, cutoff) in [(1.0, 1.0), (2.0, 1.0), (f64::NAN, 1.0), (0.5, f64::INFINITY), (0.0, 1.0)] {
            assert!(zbl([14, 14], start, cutoff).is_err());
        }
        assert!(zbl([0, 8], 0.5, 1.0).is_err());
        assert!(Form::named("lennard", &[1.0, 1.0]).is_err());
        assert!(Form::named("lennard-jones", &[1.0]).is_err());
        assert!(Form::named("lennard-jones", &[1.0, -1.0]).is_err());
        assert!(Form::named("morse", &[1.0, f64::NAN, 1.0]).is_err());
        assert!(Form::named("buckingham", &[1.0, 0.1, 100.0]).is_err());
        assert!(Form::named("table", &[1.0, 1.0, 0.0, 0.0, 0.0, 0.0]).is_err());
        assert!(Form::named("table", &[1.0, 2.0, 0.0, 0.0, 0.0]).is_err());
        let table = Form::named("table", &[1.0, 2.0, 0.0, 0.0, 0.0, 0.0]);
        let beyond = table.and_then(|form| {
            Baseline::new(vec![Term { elements: [1, 1], form, ending: Ending::Shift, cutoff: 2.5 }])
        });
        assert!(beyond.is_err());
        assert!(Ending::named("cut", 0.0).is_err());
    }
}
