//! Chemical symbols and standard atomic weights by atomic number.

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

/// Standard atomic weights (IUPAC 2016, doi:10.1515/pac-2016-0402) to five digits, or masses of long-lived isotopes.
#[rustfmt::skip]
const MASSES: [f64; 118] = [
    1.008, 4.0026, 6.94, 9.0122, 10.81, 12.011, 14.007, 15.999, 18.998, 20.18, 22.99, 24.305, 26.982,
    28.085, 30.974, 32.06, 35.45, 39.948, 39.098, 40.078, 44.956, 47.867, 50.941, 51.996, 54.938,
    55.845, 58.933, 58.693, 63.546, 65.38, 69.723, 72.63, 74.922, 78.971, 79.904, 83.798, 85.468, 87.62,
    88.906, 91.224, 92.906, 95.95, 97.907, 101.07, 102.91, 106.42, 107.87, 112.41, 114.82, 118.71,
    121.76, 127.6, 126.9, 131.29, 132.91, 137.33, 138.91, 140.12, 140.91, 144.24, 144.91, 150.36,
    151.96, 157.25, 158.93, 162.5, 164.93, 167.26, 168.93, 173.05, 174.97, 178.49, 180.95, 183.84,
    186.21, 190.23, 192.22, 195.08, 196.97, 200.59, 204.38, 207.2, 208.98, 208.98, 209.99, 222.02,
    223.02, 226.03, 227.03, 232.04, 231.04, 238.03, 237.05, 244.06, 243.06, 247.07, 247.07, 251.08,
    252.08, 257.1, 258.1, 259.1, 262.11, 267.12, 268.13, 271.13, 270.13, 269.13, 278.16, 281.17, 281.17,
    285.18, 286.18, 289.19, 289.19, 293.2, 293.21, 294.21,
];

/// Symbol of the element with this atomic number, `None` outside 1–118.
pub fn symbol(number: u8) -> Option<&'static str> {
    SYMBOLS.get(usize::from(number).checked_sub(1)?).copied()
}

/// Mass of the element with this atomic number in g/mol, `None` outside 1–118.
pub fn mass(number: u8) -> Option<f64> {
    MASSES.get(usize::from(number).checked_sub(1)?).copied()
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
