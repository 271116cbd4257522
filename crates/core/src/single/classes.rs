//! Levels that look alike.

use std::collections::HashMap;

/// Members of each class of equal levels, classes in order of their first level.
pub struct Classes {
    start: Vec<usize>,
    member: Vec<u32>,
}

impl Classes {
    /// Compares `Z_j'WZ_j` and `Z_j'WX`, bit by bit.
    pub fn new(a: &[f64], head: &[f64], k: usize, p: usize) -> Classes {
        let width = p + 1;
        let key = |j: usize| -> Vec<u64> {
            let own = head[j * k * width..(j + 1) * k * width].iter().enumerate();
            let x = own.filter(|(i, _)| i % width != p).map(|(_, v)| v);
            a[j * k * k..(j + 1) * k * k].iter().chain(x).map(|v| v.to_bits()).collect()
        };
        let n_levels = a.len() / (k * k);
        let mut seen: HashMap<Vec<u64>, u32> = HashMap::new();
        let mut class: Vec<u32> = Vec::with_capacity(n_levels);
        let mut count = 0;
        for j in 0..n_levels {
            // a design without repetition is not worth the search
            if j == 4096 && count > 3500 {
                class.extend(count..count + (n_levels - j) as u32);
                count += (n_levels - j) as u32;
                break;
            }
            class.push(*seen.entry(key(j)).or_insert(count));
            count = count.max(class[j] + 1);
        }
        Classes::sorted(&class, count as usize)
    }

    fn sorted(class: &[u32], count: usize) -> Classes {
        let mut start = vec![0; count + 1];
        class.iter().for_each(|&c| start[c as usize + 1] += 1);
        (0..count).for_each(|c| start[c + 1] += start[c]);
        let (mut next, mut member) = (start.clone(), vec![0; class.len()]);
        for (j, &c) in class.iter().enumerate() {
            member[next[c as usize]] = j as u32;
            next[c as usize] += 1;
        }
        Classes { start, member }
    }

    /// The members of each class.
    pub fn iter(&self) -> impl Iterator<Item = &[u32]> {
        self.start.windows(2).map(|w| &self.member[w[0]..w[1]])
    }
}
