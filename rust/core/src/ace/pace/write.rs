//! Writing `.yace` files: every number with as many digits as it needs to be read back bitwise.

use std::fmt::Write;

use crate::density::readout::Variant;
use crate::elements::symbol;

use super::model::{Bond, Embedding, Function, PaceModel};

/// The text of a `.yace` file.
pub fn write(model: &PaceModel) -> String {
    let mut out = String::new();
    let names: Vec<&str> = model.elements.iter().map(|&z| symbol(z).unwrap_or("X")).collect();
    push(&mut out, format_args!("elements: [{}]\n", names.join(", ")));
    push(&mut out, format_args!("E0: {:?}\n", model.e0));
    push(&mut out, format_args!("deltaSplineBins: {:?}\nembeddings:\n", model.bin_width));
    for (k, embedding) in model.embeddings.iter().enumerate() {
        write_embedding(&mut out, k, embedding);
    }
    out.push_str("bonds:\n");
    let n = model.elements.len();
    for (k, bond) in model.bonds.iter().enumerate() {
        push(&mut out, format_args!("  [{}, {}]: ", k / n, k % n));
        write_bond(&mut out, bond);
    }
    out.push_str("functions:\n");
    for (k, functions) in model.functions.iter().enumerate() {
        push(&mut out, format_args!("  {k}:{}\n", if functions.is_empty() { " []" } else { "" }));
        for function in functions {
            write_function(&mut out, k, function);
        }
    }
    out
}

/// The name of an embedding in the files.
pub fn variant_name(variant: Variant) -> &'static str {
    match variant {
        Variant::Plain => "FinnisSinclair",
        Variant::ShiftedScaled => "FinnisSinclairShiftedScaled",
    }
}

/// Appends to a string, which cannot fail.
fn push(out: &mut String, arguments: std::fmt::Arguments<'_>) {
    out.write_fmt(arguments).unwrap_or_default();
}

fn write_embedding(out: &mut String, k: usize, embedding: &Embedding) {
    let parameters: Vec<f64> = embedding.terms.iter().flat_map(|&(w, m)| [w, m]).collect();
    push(
        out,
        format_args!(
            "  {k}: {{ndensity: {}, FS_parameters: {parameters:?}, npoti: {}, rho_core_cutoff: {:?}, \
             drho_core_cutoff: {:?}}}\n",
            embedding.terms.len(),
            variant_name(embedding.variant),
            embedding.rho_cut,
            embedding.drho_cut
        ),
    );
}

fn write_bond(out: &mut String, bond: &Bond) {
    let base = &bond.base;
    push(
        out,
        format_args!(
            "{{nradmax: {}, lmax: {}, nradbasemax: {}, radbasename: {}, radparameters: [{:?}], radcoefficients: [",
            bond.n_radial,
            bond.lmax,
            bond.n_base,
            base.kind.name(),
            base.lambda
        ),
    );
    for n in 0..bond.n_radial {
        let rows: Vec<String> =
            (0..=bond.lmax).map(|l| format!("{:?}", bond.radial_coefficients(n, l))).collect();
        push(out, format_args!("{}[{}]", if n == 0 { "" } else { ", " }, rows.join(", ")));
    }
    push(
        out,
        format_args!(
            "], prehc: {:?}, lambdahc: {:?}, rcut: {:?}, dcut: {:?}, rcut_in: {:?}, dcut_in: {:?}, \
             inner_cutoff_type: {}}}\n",
            bond.core_prefactor,
            bond.core_lambda,
            base.cutoff,
            base.width,
            bond.inner_cutoff,
            bond.inner_width,
            bond.inner_kind.name()
        ),
    );
}

fn write_function(out: &mut String, center: usize, function: &Function) {
    let rank = function.rank();
    let combinations = function.ms.len() / rank.max(1);
    push(
        out,
        format_args!(
            "    - {{mu0: {center}, rank: {rank}, ndensity: {}, num_ms_combs: {combinations}, mus: {:?}, ns: {:?}, \
             ls: {:?}, ms_combs: {:?}, ctildes: {:?}}}\n",
            function.coefficients.len() / combinations.max(1),
            function.elements,
            function.ns,
            function.ls,
            function.ms,
            function.coefficients
        ),
    );
}
