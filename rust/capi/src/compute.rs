//! `ferrip_compute`: energies, forces and virials into the arrays of the host.

use std::ffi::{c_char, c_int};
use std::slice;
use std::sync::PoisonError;

use ferrip_core::density::evaluator::{HostArrays, HostList, KeptList};

use crate::ABI_VERSION;
use crate::arguments::Arguments;
use crate::host::{ABSENT, Host, Rows, rows};
use crate::potential::{Kept, Potential};
use crate::status::{Failure, report};

/// Places of xx yy zz xy xz yz, the order of the host, in xx yy zz yz xz xy.
const HOST_ORDER: [usize; 6] = [0, 1, 2, 5, 4, 3];

/// Adds energies, forces and virials; see the header.
///
/// # Safety
/// `potential` is null or comes from `ferrip_load`; `arguments` is null or points to a struct of at least
/// `struct_size` bytes whose pointers are valid as the header says; `error` is null or has room for `error_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ferrip_compute(
    potential: *const Potential,
    arguments: *mut Arguments,
    error: *mut c_char,
    error_size: usize,
) -> c_int {
    let call = || {
        // SAFETY: null or valid by contract.
        let potential = unsafe { potential.as_ref() };
        let potential = potential.ok_or_else(|| Failure::Invalid("potential is NULL".into()))?;
        if arguments.is_null() {
            return Err(Failure::Invalid("arguments are NULL".into()));
        }
        // SAFETY: every version of the struct starts with these two numbers.
        let (version, size) = unsafe { ((*arguments).abi_version, (*arguments).struct_size) };
        if version != ABI_VERSION || (size as usize) < size_of::<Arguments>() {
            return Err(Failure::Invalid(format!(
                "the host was compiled for version {version} of ferrip.h ({size} bytes of arguments), the library has \
                 version {ABI_VERSION} ({} bytes)",
                size_of::<Arguments>()
            )));
        }
        // SAFETY: as large as the struct of this version, by contract.
        unsafe { compute(potential, &mut *arguments) }
    };
    // SAFETY: the promise about `error` is handed on.
    unsafe { report(error, error_size, call) }
}

/// # Safety
/// The pointers of the arguments are null or valid as the header says.
unsafe fn compute(potential: &Potential, arguments: &mut Arguments) -> Result<(), Failure> {
    let n = n_atoms(arguments)?;
    (arguments.energy, arguments.virial) = (0.0, [0.0; 6]);
    if arguments.nlocal == 0 {
        return Ok(());
    }
    for (name, missing) in [
        ("x", arguments.x.is_null()),
        ("type", arguments.types.is_null()),
        ("forces", arguments.forces.is_null()),
    ] {
        if missing {
            return Err(Failure::Invalid(format!("{name} is NULL")));
        }
    }
    // SAFETY: arrays of all atoms by contract, not null.
    let (positions, types) = unsafe {
        (slice::from_raw_parts(arguments.x.cast::<[f64; 3]>(), n), slice::from_raw_parts(arguments.types, n))
    };
    let mut kept = potential.kept.lock().unwrap_or_else(PoisonError::into_inner);
    let Kept { species, tiles } = &mut *kept;
    // SAFETY: the table of types is null or has n_types entries by contract.
    unsafe { fill_species(species, types, arguments, potential.evaluator.species().len()) }?;
    // SAFETY: pointers of the list by contract.
    let rows = unsafe { rows(arguments) }?;
    // SAFETY: as above.
    let centers = unsafe { centers(arguments, rows) }?;
    // SAFETY: the rows are valid for the centres, and neighbors are atoms, by contract.
    let host = unsafe { Host::new(positions, species, rows, arguments.index_mask) };
    let threads = usize::try_from(arguments.num_threads).ok().filter(|&threads| threads > 0);
    let mut strains = if arguments.virials.is_null() { None } else { Some(vec![[0.0; 6]; n]) };
    // SAFETY: null or an array of all atoms by contract, and no other array lies there.
    let energies =
        (!arguments.energies.is_null()).then(|| unsafe { slice::from_raw_parts_mut(arguments.energies, n) });
    let mut arrays = HostArrays {
        energies,
        // SAFETY: as above, not null.
        forces: unsafe { slice::from_raw_parts_mut(arguments.forces.cast(), n) },
        strains: strains.as_deref_mut(),
        energy: 0.0,
        strain: [0.0; 6],
    };
    let list = HostList { id: arguments.list_id, skin: arguments.skin.max(0.0) };
    let kept = (list.id != 0).then_some(KeptList { list, tiles, positions });
    potential.evaluator.compute_host(&host, &centers, kept, &mut arrays, threads)?;
    let (energy, strain) = (arrays.energy, arrays.strain);
    (arguments.energy, arguments.virial) = (energy, HOST_ORDER.map(|k| -strain[k]));
    if let Some(strains) = strains {
        // SAFETY: an array of all atoms by contract, not null.
        let virials = unsafe { slice::from_raw_parts_mut(arguments.virials.cast::<[f64; 6]>(), n) };
        for (virial, strain) in virials.iter_mut().zip(strains) {
            virial.iter_mut().zip(HOST_ORDER).for_each(|(sum, k)| *sum -= strain[k]);
        }
    }
    Ok(())
}

/// Number of atoms and ghosts.
fn n_atoms(arguments: &Arguments) -> Result<usize, Failure> {
    let sum = arguments.nlocal.checked_add(arguments.nghost);
    let fits = sum.filter(|_| arguments.nlocal >= 0 && arguments.nghost >= 0);
    fits.map(|n| n as usize).ok_or_else(|| {
        let (nlocal, nghost) = (arguments.nlocal, arguments.nghost);
        Failure::Invalid(format!("nlocal {nlocal} and nghost {nghost} are no numbers of atoms"))
    })
}

/// Species index of every atom.
///
/// # Safety
/// `species_of_type` is null or has `n_types` entries.
unsafe fn fill_species(
    species: &mut Vec<u16>,
    types: &[i32],
    arguments: &Arguments,
    n_species: usize,
) -> Result<(), Failure> {
    let checked = |given: i32| match usize::try_from(given) {
        Err(_) => Ok(ABSENT),
        Ok(k) if k < n_species => Ok(k as u16),
        Ok(_) => Err(Failure::Invalid(format!("species {given} of a potential with {n_species} elements"))),
    };
    species.clear();
    if arguments.species_of_type.is_null() {
        for &given in types {
            species.push(checked(given)?);
        }
        return Ok(());
    }
    let n_types = usize::try_from(arguments.n_types).unwrap_or(0);
    // SAFETY: by contract.
    let table = unsafe { slice::from_raw_parts(arguments.species_of_type, n_types) };
    let table = table.iter().map(|&given| checked(given)).collect::<Result<Vec<u16>, _>>()?;
    for &own in types {
        let found = usize::try_from(own).ok().and_then(|own| table.get(own));
        species.push(*found.ok_or_else(|| Failure::Invalid(format!("type {own} of {n_types}")))?);
    }
    Ok(())
}

/// The atoms whose energies are asked for.
///
/// # Safety
/// `ilist` is valid as the header says.
unsafe fn centers(arguments: &Arguments, rows: Rows<'_>) -> Result<Vec<u32>, Failure> {
    if let Rows::Compressed { .. } = rows {
        return Ok((0..arguments.nlocal as u32).collect());
    }
    let inum = usize::try_from(arguments.inum)
        .map_err(|_| Failure::Invalid(format!("inum {} is negative", arguments.inum)))?;
    // SAFETY: inum entries by contract, not null.
    let list = unsafe { slice::from_raw_parts(arguments.ilist, inum) };
    Ok(list.iter().map(|&i| i as u32).collect())
}
