//! Which characters stand side by side in a text: says of most words that it has not that it has
//! not, in less room than the text (a Bloom filter).

/// Octets of the largest filter; a text that fills it says nothing.
const OCTETS: usize = 16 << 10;
/// At most one in so many bits is set.
const SPARSE: usize = 3;
/// Characters of what is looked at.
const MOST: usize = 3;

/// Stretches of one, two and three characters.
#[derive(Clone, Debug)]
pub(super) struct Grams {
    /// Their number is a power of two.
    octets: Vec<u8>,
}

impl Default for Grams {
    fn default() -> Self {
        Self {
            octets: vec![0; OCTETS],
        }
    }
}

impl Grams {
    /// Takes all stretches of a text.
    pub(super) fn add(&mut self, text: &str) {
        let mut last = ['\0'; MOST];
        for (read, character) in text.chars().enumerate() {
            last.rotate_left(1);
            last[MOST - 1] = character;
            for length in 1..=MOST.min(read + 1) {
                for (octet, bit) in places(self.octets.len(), &last[MOST - length..]) {
                    self.octets[octet] |= bit;
                }
            }
        }
    }

    /// As small as it can be; `None` if it would say nothing.
    pub(super) fn into_octets(mut self) -> Option<Vec<u8>> {
        if !self.is_sparse() {
            return None;
        }
        loop {
            let half = self.octets.len() / 2;
            if half == 0 {
                return Some(self.octets);
            }
            let (left, right) = self.octets.split_at(half);
            let octets = left.iter().zip(right).map(|(one, other)| one | other);
            let halved = Self {
                octets: octets.collect(),
            };
            if !halved.is_sparse() {
                return Some(self.octets);
            }
            self = halved;
        }
    }

    fn is_sparse(&self) -> bool {
        let set: usize = self
            .octets
            .iter()
            .map(|octet| octet.count_ones() as usize)
            .sum();
        set * SPARSE <= self.octets.len() * 8
    }
}

/// Whether a text of which this is known may have that in it.
pub(super) fn may_have(octets: &[u8], text: &str) -> bool {
    // What this program did not write says nothing.
    if !octets.len().is_power_of_two() {
        return true;
    }
    let characters: Vec<char> = text.chars().collect();
    let length = characters.len().clamp(1, MOST);
    characters.windows(length).all(|gram| {
        let mut places = places(octets.len(), gram).into_iter();
        places.all(|(octet, bit)| octets[octet] & bit != 0)
    })
}

/// The bits of a stretch in so many octets: in half of them, the places are the same modulo that.
fn places(octets: usize, gram: &[char]) -> [(usize, u8); 2] {
    let mut hash = gram.len() as u64;
    for character in gram {
        hash = (hash ^ u64::from(u32::from(*character))).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        hash ^= hash >> 32;
    }
    [(hash & 0xffff_ffff) as usize, (hash >> 32) as usize].map(|hash| {
        let octet = (hash >> 3) & (octets - 1);
        (octet, 1 << (hash & 7))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "zebra žluť a\u{1}日本語 x";

    #[test]
    fn a_text_may_have_whatever_stretch_it_has() {
        for more in [0, 500, 3_000] {
            let mut grams = Grams::default();
            grams.add(TEXT);
            for number in 0..more {
                grams.add(&format!("{number}"));
            }
            let octets = grams.into_octets().unwrap();
            let characters: Vec<char> = TEXT.chars().collect();
            for from in 0..characters.len() {
                for to in from + 1..=characters.len() {
                    let stretch: String = characters[from..to].iter().collect();
                    assert!(may_have(&octets, &stretch), "{stretch}");
                }
            }
            for other in ["hippopotamus", "zebra crossing", "qjqvw"] {
                assert!(!may_have(&octets, other), "{other}");
            }
        }
    }

    #[test]
    fn a_filter_is_as_small_as_the_text_allows() {
        let size = |texts: u32| {
            let mut grams = Grams::default();
            for number in 0..texts {
                let text = [7, 11, 13].map(|step| char::from_u32(0x4e00 + number * step % 9_973));
                grams.add(&text.into_iter().flatten().collect::<String>());
            }
            Some(grams.into_octets()?.len())
        };
        assert_eq!(size(0), Some(1));
        assert!(size(100).unwrap() <= 1 << 10);
        assert!(size(3_000).unwrap() <= OCTETS);
        assert_eq!(size(50_000), None);
    }

    #[test]
    fn what_is_no_filter_rules_nothing_out() {
        for octets in [0, 3, 1000] {
            assert!(may_have(&vec![0; octets], "zebra"));
        }
    }
}
