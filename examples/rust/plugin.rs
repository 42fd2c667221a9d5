//! A plugin in Rust: the convention is in docs/plugins.md.

use std::cell::RefCell;

// ---- The convention ---------------------------------------------------------

thread_local! {
    /// The host reads it after the function has returned; then it is there until the next one.
    static OUTPUT: RefCell<Vec<u8>> = RefCell::new(Vec::new());
}

#[no_mangle]
pub extern "C" fn alloc(length: usize) -> *mut u8 {
    Box::into_raw(vec![0; length].into_boxed_slice()) as *mut u8
}

/// # Safety
/// `address` and `length` are those of an `alloc`.
#[no_mangle]
pub unsafe extern "C" fn free(address: *mut u8, length: usize) {
    drop(Box::from_raw(std::ptr::slice_from_raw_parts_mut(address, length)));
}

const IS_MESSAGE: u64 = 1 << 31;

/// Runs a function of bytes. An `Err` is a message: the host's call fails with it.
unsafe fn exchange(address: *const u8, length: usize, run: impl Fn(&[u8]) -> Result<Vec<u8>, String>) -> u64 {
    let (output, flag) = match run(std::slice::from_raw_parts(address, length)) {
        Ok(output) => (output, 0),
        Err(message) => (message.into_bytes(), IS_MESSAGE),
    };
    let packed = (output.as_ptr() as u64) << 32 | output.len() as u64 | flag;
    OUTPUT.with(|kept| kept.replace(output));
    packed
}

// ---- What it does -----------------------------------------------------------

/// Text in, text out: each digit becomes a star.
#[no_mangle]
pub unsafe extern "C" fn mask(address: *const u8, length: usize) -> u64 {
    exchange(address, length, |text| {
        Ok(text.iter().map(|byte| if byte.is_ascii_digit() { b'*' } else { *byte }).collect())
    })
}

/// JSON in, JSON out: `[1, 2, 3]` becomes `{"count":3,"sum":6}`. Anything but an array of whole numbers is an error.
#[no_mangle]
pub unsafe extern "C" fn sum(address: *const u8, length: usize) -> u64 {
    exchange(address, length, |json| {
        let (count, total) = add(json).map_err(|at| format!("expected an array of whole numbers, but not at byte {at}"))?;
        Ok(format!("{{\"count\":{count},\"sum\":{total}}}").into_bytes())
    })
}

/// How many numbers there are, and their sum; or where there is something else. A real plugin would have `serde_json` read its JSON.
fn add(json: &[u8]) -> Result<(u64, i64), usize> {
    let spaces = |from: usize| from + json[from..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
    let (mut count, mut total) = (0, 0_i64);
    let mut at = spaces(0);
    if json.get(at) != Some(&b'[') {
        return Err(at);
    }
    at = spaces(at + 1);
    while json.get(at) != Some(&b']') {
        let is_negative = json.get(at) == Some(&b'-');
        let start = at + is_negative as usize;
        let digits = json.get(start..).unwrap_or(&[]).iter().take_while(|byte| byte.is_ascii_digit());
        let (length, number) = digits.fold((0, 0_i64), |(length, number), digit| {
            (length + 1, number.wrapping_mul(10).wrapping_add((digit - b'0') as i64))
        });
        if length == 0 {
            return Err(start);
        }
        total = total.wrapping_add(if is_negative { number.wrapping_neg() } else { number });
        count += 1;
        at = spaces(start + length);
        match json.get(at) {
            Some(b',') => at = spaces(at + 1),
            Some(b']') => break,
            _ => return Err(at),
        }
        if json.get(at) == Some(&b']') {
            return Err(at);
        }
    }
    at = spaces(at + 1);
    if at == json.len() { Ok((count, total)) } else { Err(at) }
}
