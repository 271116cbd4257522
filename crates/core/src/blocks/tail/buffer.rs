//! Memory of large matrices that goes from one evaluation to the next: asking the system for it again costs more than filling it.

use std::ops::{Deref, DerefMut};
use std::sync::{Arc, Mutex};

/// Buffers that are free.
#[derive(Debug, Default)]
struct Pool(Mutex<Vec<Vec<f64>>>);

/// More are never free at a time in one search.
const MOST: usize = 2;

/// A vector of numbers that returns to its pool.
#[derive(Debug, Default)]
pub struct Buffer {
    data: Vec<f64>,
    pool: Arc<Pool>,
}

impl Buffer {
    /// A first buffer of zeros, with a pool of its own.
    pub fn zeros(len: usize) -> Buffer {
        Buffer { data: vec![0.0; len], pool: Arc::default() }
    }

    /// How many of `count` buffers of this size are not free in the pool.
    pub fn missing(&self, count: usize) -> usize {
        let fits = |free: &Vec<f64>| free.capacity() >= self.data.len();
        let found = self.pool.0.lock().map_or(0, |free| free.iter().filter(|f| fits(f)).count());
        count.saturating_sub(found)
    }

    /// Leaves the first numbers.
    pub fn truncate(&mut self, len: usize) {
        self.data.truncate(len);
    }

    /// Another one from the same pool; what stands in it has no meaning.
    pub fn another(&self, len: usize) -> Buffer {
        let free = self.pool.0.lock().map_or(None, |mut free| free.pop());
        let mut data = free.unwrap_or_default();
        data.resize(len, 0.0);
        Buffer { data, pool: self.pool.clone() }
    }
}

impl From<Vec<f64>> for Buffer {
    fn from(data: Vec<f64>) -> Buffer {
        Buffer { data, pool: Arc::default() }
    }
}

impl Clone for Buffer {
    fn clone(&self) -> Buffer {
        let mut out = self.another(self.data.len());
        out.data.copy_from_slice(&self.data);
        out
    }
}

impl Drop for Buffer {
    fn drop(&mut self) {
        let data = std::mem::take(&mut self.data);
        if let Ok(mut free) = self.pool.0.lock()
            && free.len() < MOST
            && data.capacity() > 0
        {
            free.push(data);
        }
    }
}

impl Deref for Buffer {
    type Target = [f64];

    fn deref(&self) -> &[f64] {
        &self.data
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f64] {
        &mut self.data
    }
}
