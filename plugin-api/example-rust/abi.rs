//! The part of ABI v1 that a collector needs, as Rust sees it. The C headers are the contract; sizes are
//! asserted here as they are there.
use std::ffi::c_void;

pub type Status = i32;
pub const OK: Status = 0;
pub const END: Status = 1;
pub const INVALID: Status = -1;
pub const UNSUPPORTED: Status = -7;
pub const TEXT: u32 = 1;
pub const PAGE_OK: u32 = 0;
pub const COMPLETE: u32 = 0;
pub const PARTIAL: u32 = 1;
pub const REASON_NONE: u32 = 0;
pub const REASON_UNAVAILABLE: u32 = 4;
pub const REASON_PLUGIN_FAULT: u32 = 7;

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Str {
    pub ptr: *const u8,
    pub len: u64,
}

impl Str {
    pub fn new(text: &[u8]) -> Str {
        Str { ptr: text.as_ptr(), len: text.len() as u64 }
    }
}

#[repr(C)]
pub struct Value {
    pub kind: u32,
    pub reserved: u32,
    pub integer: i64,
    pub text: Str,
}

#[repr(C)]
pub struct Range {
    pub offset: u64,
    pub length: u64,
}

#[repr(C)]
pub struct Host {
    pub size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    imp: *mut c_void,
    pub extension: extern "C" fn(*const Host, Str) -> *const c_void,
    pub set_error: extern "C" fn(*const Host, Str),
}

#[repr(C)]
pub struct Page {
    pub ticket: u64,
    pub page: u32,
    pub index: u32,
    pub outcome: u32,
    pub http_status: u32,
    pub body: *const u8,
    pub body_len: u64,
    pub reason: Str,
}

#[repr(C)]
pub struct Read {
    pub request: extern "C" fn(*const Host, Str, *const c_void, u32, *mut u64) -> Status,
    pub wait: extern "C" fn(*const Host, *mut Page) -> Status,
    pub mark: extern "C" fn(*const Host, u32, *const Range, u32) -> Status,
    pub next: extern "C" fn(*const Host, u32, u64, u64) -> Status,
    pub done: extern "C" fn(*const Host, u32) -> Status,
}

#[repr(C)]
pub struct Emit {
    pub dataset: extern "C" fn(*const Host, Str, *mut u32) -> Status,
    pub row: extern "C" fn(*const Host, u32, u32, u32, *const Value, u32) -> Status,
    pub state: extern "C" fn(*const Host, u32, u32, u32, Str) -> Status,
}

#[repr(C)]
pub struct Plugin {
    pub magic: u32,
    pub size: u32,
    pub abi_major: u16,
    pub abi_minor: u16,
    pub reserved: u32,
    pub create: extern "C" fn(*const Host, *mut *mut c_void) -> Status,
    pub run: extern "C" fn(*mut c_void) -> Status,
    pub destroy: extern "C" fn(*mut c_void),
    pub ext: Option<extern "C" fn(*mut c_void, Str) -> *const c_void>,
}

const _: () = assert!(std::mem::size_of::<Value>() == 32);
const _: () = assert!(std::mem::size_of::<Host>() == 32);
const _: () = assert!(std::mem::size_of::<Page>() == 56);
const _: () = assert!(std::mem::size_of::<Read>() == 40);
const _: () = assert!(std::mem::size_of::<Emit>() == 24);
const _: () = assert!(std::mem::size_of::<Plugin>() == 48);
