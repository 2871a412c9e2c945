//! A collector in Rust: asks for one list, marks each record, emits its "id", follows the continuation
//! link. Made with panic=abort: no panic may cross the border to the host, and the end of the process is
//! an end that the engine knows how to name.
mod abi;

use abi::*;
use std::ffi::c_void;

struct State {
    host: *const Host,
    read: &'static Read,
    emit: &'static Emit,
    dataset: u32,
}

/// End of the JSON value that begins at `at`: one past its last byte.
fn end_of_value(body: &[u8], at: usize) -> Option<usize> {
    let (mut depth, mut text, mut i) = (0usize, false, at);
    while i < body.len() {
        match body[i] {
            b'\\' if text => i += 1,
            b'"' => text = !text,
            b'{' | b'[' if !text => depth += 1,
            b'}' | b']' if !text => depth = depth.checked_sub(1)?,
            _ => {}
        }
        i += 1;
        if depth == 0 && !text {
            return Some(i);
        }
    }
    None
}

/// Where the value of `key` begins, among the members of the object that `object` holds.
fn find(object: &[u8], key: &str) -> Option<usize> {
    let mut at = object.iter().position(|&b| b == b'{')? + 1;
    loop {
        at += object[at..].iter().position(|&b| b == b'"' || b == b'}')?;
        if object[at] == b'}' {
            return None;
        }
        let name_end = end_of_value(object, at)?;
        let colon = name_end + object[name_end..].iter().position(|&b| b == b':')?;
        let value = colon + 1 + object[colon + 1..].iter().position(|b| !b.is_ascii_whitespace())?;
        if &object[at + 1..name_end - 1] == key.as_bytes() {
            return Some(value);
        }
        at = match object[value] {
            b'"' | b'{' | b'[' => end_of_value(object, value)?,
            _ => value + object[value..].iter().position(|&b| b == b',' || b == b'}')?,
        };
    }
}

impl State {
    fn take_record(&self, page: &Page, body: &[u8], from: usize, to: usize, number: u32) -> Status {
        let range = Range { offset: from as u64, length: (to - from) as u64 };
        let marked = (self.read.mark)(self.host, page.page, &range, 1);
        if marked != OK {
            return marked;
        }
        let record = &body[from..to];
        let id = find(record, "id").and_then(|at| Some(&record[at + 1..end_of_value(record, at)? - 1]));
        let Some(id) = id.filter(|text| !text.contains(&b'\\')) else { return INVALID };
        let value = Value { kind: TEXT, reserved: 0, integer: 0, text: Str::new(id) };
        (self.emit.row)(self.host, self.dataset, page.page, number, &value, 1)
    }

    fn take_records(&self, page: &Page, body: &[u8]) -> Option<Status> {
        let list = find(body, "value").filter(|&at| body[at] == b'[')?;
        let list_end = end_of_value(body, list)?;
        let (mut at, mut number) = (list + 1, 0);
        while let Some(start) = body[at..list_end].iter().position(|&b| b == b'{') {
            let end = end_of_value(body, at + start)?;
            let status = self.take_record(page, body, at + start, end, number);
            if status != OK {
                return Some(status);
            }
            (at, number) = (end, number + 1);
        }
        if let Some(link) = find(body, "@odata.nextLink") {
            let length = end_of_value(body, link)? - link;
            return Some((self.read.next)(self.host, page.page, link as u64, length as u64));
        }
        Some(OK)
    }

    fn take(&self, page: &Page) -> Status {
        if page.outcome != PAGE_OK {
            return (self.emit.state)(self.host, self.dataset, PARTIAL, REASON_UNAVAILABLE, page.reason);
        }
        let body: &[u8] = if page.body.is_null() {
            &[]
        } else {
            // The host promises that the body is readable until done(page).
            unsafe { std::slice::from_raw_parts(page.body, page.body_len as usize) }
        };
        match self.take_records(page, body) {
            Some(status) if status != INVALID => status,
            _ => {
                let why = Str::new(b"a page was not understood");
                (self.emit.state)(self.host, self.dataset, PARTIAL, REASON_PLUGIN_FAULT, why)
            }
        }
    }

    fn collect(&self) -> Status {
        let mut ticket = 0u64;
        let endpoint = Str::new(b"graph-domains");
        let mut status = (self.read.request)(self.host, endpoint, std::ptr::null(), 0, &mut ticket);
        while status == OK {
            let mut page = std::mem::MaybeUninit::<Page>::zeroed();
            status = (self.read.wait)(self.host, page.as_mut_ptr());
            if status != OK {
                break;
            }
            let page = unsafe { page.assume_init() };
            status = self.take(&page);
            if status == OK {
                status = (self.read.done)(self.host, page.page);
            }
        }
        if status != END {
            return status;
        }
        // Whatever was said before and is worse stays.
        (self.emit.state)(self.host, self.dataset, COMPLETE, REASON_NONE, Str::new(b""))
    }
}

extern "C" fn create(host: *const Host, state: *mut *mut c_void) -> Status {
    let extension = |id: &[u8]| unsafe { ((*host).extension)(host, Str::new(id)) };
    let read = extension(b"assay.read/1") as *const Read;
    let emit = extension(b"assay.emit/1") as *const Emit;
    if read.is_null() || emit.is_null() {
        let why = Str::new(b"the host lacks assay.read/1 or assay.emit/1");
        unsafe { ((*host).set_error)(host, why) };
        return UNSUPPORTED;
    }
    let (read, emit) = unsafe { (&*read, &*emit) };
    let mut made = Box::new(State { host, read, emit, dataset: 0 });
    let status = (emit.dataset)(host, Str::new(b"example_domain"), &mut made.dataset);
    unsafe { *state = Box::into_raw(made) as *mut c_void };
    status
}

extern "C" fn run(state: *mut c_void) -> Status {
    unsafe { (*(state as *const State)).collect() }
}

extern "C" fn destroy(state: *mut c_void) {
    drop(unsafe { Box::from_raw(state as *mut State) });
}

#[no_mangle]
pub static assay_plugin_v1: Plugin = Plugin {
    magic: 0x59415341,
    size: std::mem::size_of::<Plugin>() as u32,
    abi_major: 1,
    abi_minor: 0,
    reserved: 0,
    create,
    run,
    destroy,
    ext: None,
};
