//! Potentials as hosts hold them: opaque pointers.

use std::ffi::{CStr, CString, c_char, c_int};
use std::path::Path as FilePath;
use std::ptr;
use std::sync::Mutex;

use ferrip_core::density::Evaluator;
use ferrip_core::density::evaluator::HostTiles;
use ferrip_core::elements::{mass, symbol};
use ferrip_core::simd::Path;

use crate::status::{Failure, report};

/// What `ferrip_potential` points to.
#[derive(Debug)]
pub struct Potential {
    /// The evaluator.
    pub evaluator: Evaluator,
    /// What is kept of the last call.
    pub kept: Mutex<Kept>,
    symbols: Vec<CString>,
}

/// What the next call may use again.
#[derive(Debug, Default)]
pub struct Kept {
    /// Species index of every atom: the memory alone.
    pub species: Vec<u16>,
    /// Tiles of the host's list.
    pub tiles: HostTiles,
}

/// Loads a `.ferrip` file; see the header.
///
/// # Safety
/// `path` is a NUL-terminated string, `simd` null or such a string, `potential` valid for a write, `error` null or has
/// room for `error_size` bytes.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ferrip_load(
    path: *const c_char,
    simd: *const c_char,
    potential: *mut *mut Potential,
    error: *mut c_char,
    error_size: usize,
) -> c_int {
    let call = || {
        if path.is_null() || potential.is_null() {
            return Err(Failure::Invalid("ferrip_load: path or potential is NULL".into()));
        }
        // SAFETY: not null, and valid for a write by contract.
        unsafe { potential.write(ptr::null_mut()) };
        // SAFETY: not null, and NUL-terminated by contract.
        let file = unsafe { text(path) }?;
        // SAFETY: NUL-terminated by contract where it is not null.
        let simd = if simd.is_null() { None } else { Some(unsafe { text(simd) }?) };
        let evaluator = ferrip_model::read(FilePath::new(file), Path::resolve(simd)?)?;
        let names = evaluator.species().iter().map(|&z| CString::new(symbol(z).unwrap_or("?")));
        let symbols = names.collect::<Result<_, _>>().map_err(|e| Failure::Invalid(e.to_string()))?;
        let own = Box::new(Potential { evaluator, kept: Mutex::default(), symbols });
        // SAFETY: as above.
        unsafe { potential.write(Box::into_raw(own)) };
        Ok(())
    };
    // SAFETY: the promise about `error` is handed on.
    unsafe { report(error, error_size, call) }
}

/// # Safety
/// `pointer` is a NUL-terminated string that outlives the result.
unsafe fn text<'a>(pointer: *const c_char) -> Result<&'a str, Failure> {
    // SAFETY: by contract.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map_err(|_| Failure::Invalid("a string is not in UTF-8".into()))
}

/// Frees a potential; null is left alone.
///
/// # Safety
/// `potential` is null or comes from [`ferrip_load`] and is not used any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ferrip_free(potential: *mut Potential) {
    if !potential.is_null() {
        // SAFETY: made by `Box::into_raw` and not freed yet, by contract.
        drop(unsafe { Box::from_raw(potential) });
    }
}

/// Largest cutoff in Å; 0 for null.
///
/// # Safety
/// `potential` is null or comes from [`ferrip_load`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ferrip_cutoff(potential: *const Potential) -> f64 {
    // SAFETY: by contract.
    unsafe { potential.as_ref() }.map_or(0.0, |own| own.evaluator.cutoff())
}

/// Number of elements; 0 for null.
///
/// # Safety
/// `potential` is null or comes from [`ferrip_load`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ferrip_n_elements(potential: *const Potential) -> i32 {
    // SAFETY: by contract.
    unsafe { potential.as_ref() }.map_or(0, |own| own.symbols.len() as i32)
}

/// Symbol of an element, as long as the potential lives; null for another index.
///
/// # Safety
/// `potential` is null or comes from [`ferrip_load`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ferrip_element(potential: *const Potential, species: i32) -> *const c_char {
    // SAFETY: by contract.
    let own = unsafe { potential.as_ref() };
    let name = own.and_then(|own| own.symbols.get(usize::try_from(species).ok()?));
    name.map_or(ptr::null(), |name| name.as_ptr())
}

/// Standard atomic weight of an element in g/mol; 0 for another index.
///
/// # Safety
/// `potential` is null or comes from [`ferrip_load`].
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ferrip_mass(potential: *const Potential, species: i32) -> f64 {
    // SAFETY: by contract.
    let own = unsafe { potential.as_ref() };
    let number = own.and_then(|own| own.evaluator.species().get(usize::try_from(species).ok()?));
    number.and_then(|&z| mass(z)).unwrap_or(0.0)
}
