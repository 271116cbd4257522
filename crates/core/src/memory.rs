//! Whether there is room for large blocks. Rust ends the process where an allocation fails, and with it the notebook of whoever
//! called; so the room for what is large is asked for first, in a way that can fail, and given back at once.

use crate::error::CoreError;

/// Numbers from which a block counts as large: asking for less costs more than it could save.
const LARGE: usize = 1 << 18;

/// Room for all that is small, asked for besides.
const BESIDES: usize = 1 << 25;

/// An error that names `what`, unless there is room for so many numbers.
pub fn check(what: &'static str, numbers: usize) -> Result<(), CoreError> {
    if numbers < LARGE {
        return Ok(());
    }
    let bytes = numbers.saturating_mul(8);
    let mut room: Vec<u8> = Vec::new();
    room.try_reserve_exact(bytes.saturating_add(BESIDES)).map_err(|_| CoreError::OutOfMemory { what, bytes })
}

#[cfg(test)]
mod tests {
    use super::check;
    use crate::error::CoreError;

    #[test]
    fn what_no_computer_has_is_refused_by_name() {
        assert_eq!(check("a matrix", 1000), Ok(()));
        assert_eq!(check("a matrix", 1 << 20), Ok(()));
        let refused = check("a matrix", usize::MAX / 16);
        assert!(matches!(refused, Err(CoreError::OutOfMemory { what: "a matrix", .. })));
        assert!(matches!(check("a matrix", usize::MAX), Err(CoreError::OutOfMemory { .. })));
    }
}
