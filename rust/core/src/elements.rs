//! Chemical symbols by atomic number.

use crate::error::{Error, Result};

#[rustfmt::skip]
const SYMBOLS: [&str; 118] = [
    "H", "He", "Li", "Be", "B", "C", "N", "O", "F", "Ne", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "Ar",
    "K", "Ca", "Sc", "Ti", "V", "Cr", "Mn", "Fe", "Co", "Ni", "Cu", "Zn", "Ga", "Ge", "As", "Se", "Br", "Kr",
    "Rb", "Sr", "Y", "Zr", "Nb", "Mo", "Tc", "Ru", "Rh", "Pd", "Ag", "Cd", "In", "Sn", "Sb", "Te", "I", "Xe",
    "Cs", "Ba", "La", "Ce", "Pr", "Nd", "Pm", "Sm", "Eu", "Gd", "Tb", "Dy", "Ho", "Er", "Tm", "Yb", "Lu", "Hf",
    "Ta", "W", "Re", "Os", "Ir", "Pt", "Au", "Hg", "Tl", "Pb", "Bi", "Po", "At", "Rn", "Fr", "Ra", "Ac", "Th",
    "Pa", "U", "Np", "Pu", "Am", "Cm", "Bk", "Cf", "Es", "Fm", "Md", "No", "Lr", "Rf", "Db", "Sg", "Bh", "Hs",
    "Mt", "Ds", "Rg", "Cn", "Nh", "Fl", "Mc", "Lv", "Ts", "Og",
];

/// Symbol of the element with this atomic number, `None` outside 1–118.
pub fn symbol(number: u8) -> Option<&'static str> {
    SYMBOLS.get(usize::from(number).checked_sub(1)?).copied()
}

/// Atomic number of the element with this symbol.
pub fn atomic_number(symbol: &str) -> Option<u8> {
    SYMBOLS.iter().position(|&known| known == symbol).map(|k| k as u8 + 1)
}

/// Comma-separated symbols of a list of atomic numbers.
pub fn symbols(numbers: &[u8]) -> String {
    numbers.iter().map(|&z| symbol(z).unwrap_or("?")).collect::<Vec<_>>().join(", ")
}

/// Checks the atomic numbers of the elements that a model knows: one or more, ascending and distinct.
///
/// # Errors
/// [`Error::Setting`] for anything else.
pub fn check_known(elements: &[u8]) -> Result<()> {
    if elements.is_empty()
        || elements.windows(2).any(|pair| pair[0] >= pair[1])
        || elements.iter().any(|&z| symbol(z).is_none())
    {
        let reason = format!("expected ascending distinct atomic numbers (1–118), got {elements:?}");
        return Err(Error::Setting { name: "elements", reason });
    }
    Ok(())
}

/// Index of each atom's number in the ascending list `known`.
///
/// # Errors
/// [`Error::UnknownElement`] for an atom that is not in the list.
pub fn indices(known: &[u8], numbers: &[u8]) -> Result<Vec<u16>> {
    numbers
        .iter()
        .enumerate()
        .map(|(atom, z)| {
            known.binary_search(z).map(|k| k as u16).map_err(|_| Error::UnknownElement {
                atom,
                symbol: symbol(*z).unwrap_or("?").into(),
                known: symbols(known),
            })
        })
        .collect()
}
