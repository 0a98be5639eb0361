//! The argument of `ferrip_compute`.

/// `ferrip_compute_args` of the header, where the fields are described.
#[repr(C)]
#[derive(Debug)]
pub struct Arguments {
    pub abi_version: u32,
    pub struct_size: u32,
    pub num_threads: i32,
    pub nlocal: i32,
    pub nghost: i32,
    pub n_types: i32,
    pub x: *const f64,
    pub types: *const i32,
    pub species_of_type: *const i32,
    pub offsets: *const i64,
    pub neighbors: *const i32,
    pub inum: i32,
    pub index_mask: i32,
    pub ilist: *const i32,
    pub numneigh: *const i32,
    pub firstneigh: *const *const i32,
    pub energies: *mut f64,
    pub forces: *mut f64,
    pub virials: *mut f64,
    pub energy: f64,
    pub virial: [f64; 6],
    pub list_id: u64,
    pub skin: f64,
}
