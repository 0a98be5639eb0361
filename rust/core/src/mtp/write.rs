//! Writer of `.mtp` files, as MLIP-2 and others read them.

use std::fmt::{Display, Write};

use super::file::MtpFile;

impl MtpFile {
    /// The text of the file; numbers have enough digits to come back as they are.
    pub fn write(&self) -> String {
        let mut out = String::from("MTP\nversion = 1.1.0\npotential_name = MTP1m\n");
        let entry = |out: &mut String, name: &str, value: &dyn Display| {
            // Writing to a string does not fail.
            let _ = writeln!(out, "{name} = {value}");
        };
        entry(&mut out, "scaling", &real(self.radial.scaling));
        entry(&mut out, "species_count", &self.n_species);
        entry(&mut out, "potential_tag", &self.tag);
        entry(&mut out, "radial_basis_type", &"RBChebyshev");
        entry(&mut out, "\tmin_dist", &real(self.min));
        entry(&mut out, "\tmax_dist", &real(self.max));
        entry(&mut out, "\tradial_basis_size", &self.radial.n_polynomials);
        entry(&mut out, "\tradial_funcs_count", &self.radial.n_functions);
        if let Some(coefficients) = &self.radial_coefficients {
            out.push_str("\tradial_coeffs\n");
            let size = self.radial.n_functions * self.radial.n_polynomials;
            for (k, block) in coefficients.chunks_exact(size).enumerate() {
                let _ = writeln!(out, "\t\t{}-{}", k / self.n_species, k % self.n_species);
                for row in block.chunks_exact(self.radial.n_polynomials) {
                    let _ = writeln!(out, "\t\t\t{}", list(row.iter().map(|&c| real(c))));
                }
            }
        }
        let products = &self.products;
        entry(&mut out, "alpha_moments_count", &products.n_nodes());
        entry(&mut out, "alpha_index_basic_count", &products.moments().len());
        let basic = products.moments().iter().map(|m| {
            let [a, b, c] = m.powers;
            format!("{{{}, {a}, {b}, {c}}}", m.radial)
        });
        entry(&mut out, "alpha_index_basic", &list(basic));
        entry(&mut out, "alpha_index_times_count", &products.products().len());
        let times = products.products().iter().map(|p| {
            let [a, b] = p.factors;
            format!("{{{a}, {b}, {}, {}}}", p.weight, p.target)
        });
        entry(&mut out, "alpha_index_times", &list(times));
        entry(&mut out, "alpha_scalar_moments", &products.scalars().len());
        entry(&mut out, "alpha_moment_mapping", &list(products.scalars().iter()));
        for (name, coefficients) in
            [("species_coeffs", &self.species_coefficients), ("moment_coeffs", &self.moment_coefficients)]
        {
            if let Some(coefficients) = coefficients {
                entry(&mut out, name, &list(coefficients.iter().map(|&c| real(c))));
            }
        }
        out
    }
}

fn real(value: f64) -> String {
    format!("{value:.17e}")
}

fn list(words: impl Iterator<Item = impl Display>) -> String {
    let words: Vec<String> = words.map(|word| word.to_string()).collect();
    format!("{{{}}}", words.join(", "))
}
