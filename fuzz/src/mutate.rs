//! Random changes to known input.

/// A generator of few lines (splitmix64): what matters is that a seed gives the same again.
pub(crate) struct Random(u64);

impl Random {
    /// The generator for one input.
    pub(crate) fn new(seed: u64, number: u64) -> Self {
        let mut random = Self(seed);
        random.0 = random.next() ^ number;
        random
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if there is none.
    fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX).max(1);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    fn octet(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }
}

/// Inputs to start from and words to put into them.
pub(crate) struct Mutator {
    seeds: Vec<Vec<u8>>,
    words: &'static [&'static [u8]],
}

impl Mutator {
    /// `seeds` must not be empty.
    pub(crate) fn new(seeds: Vec<Vec<u8>>, words: &'static [&'static [u8]]) -> Self {
        assert!(!seeds.is_empty(), "nothing to start from");
        Self { seeds, words }
    }

    /// How many inputs there are to start from.
    pub(crate) fn seeds(&self) -> usize {
        self.seeds.len()
    }

    /// One of them.
    pub(crate) fn seed(&self, number: usize) -> &[u8] {
        &self.seeds[number]
    }

    /// A seed with some changes: mostly few, because many make noise of it.
    pub(crate) fn change(&self, random: &mut Random) -> Vec<u8> {
        let mut input = self.seeds[random.below(self.seeds.len())].clone();
        let most = [1, 2, 4, 8, 32][random.below(5)];
        for _ in 0..=random.below(most) {
            self.change_once(&mut input, random);
        }
        input.truncate(LONGEST);
        input
    }

    fn change_once(&self, input: &mut Vec<u8>, random: &mut Random) {
        let at = random.below(input.len() + 1);
        let length = [1, 4, 40, 400][random.below(4)];
        let end = (at + 1 + random.below(length)).min(input.len());
        match random.below(12) {
            0 if at < end => input[at] ^= 1 << random.below(8),
            1 if at < end => input[at] = random.octet(),
            2 => input.insert(at, random.octet()),
            3 => drop(input.drain(at.min(end)..end)),
            // A stretch once more, or very often: limits are far away.
            4 => self.insert_again(input, at..end, 1, random),
            5 => self.insert_again(input, at..end, 1 + random.below(3000), random),
            6 => self.splice(input, at, random),
            7 => input.truncate(at),
            // Decisions are in front, so changes there do the most.
            8 if !input.is_empty() => {
                let front = random.below(input.len().min(16));
                input[front] = random.octet();
            }
            _ => {
                let word = self.words[random.below(self.words.len())];
                let over = if random.below(2) == 0 {
                    at
                } else {
                    (at + word.len()).min(input.len())
                };
                input.splice(at..over, word.iter().copied());
            }
        }
    }

    fn insert_again(
        &self,
        input: &mut Vec<u8>,
        stretch: std::ops::Range<usize>,
        times: usize,
        random: &mut Random,
    ) {
        if stretch.is_empty() || input.len() > LONGEST {
            return;
        }
        let times = times.min(LONGEST / stretch.len());
        let copies = input[stretch].repeat(times);
        let at = random.below(input.len() + 1);
        input.splice(at..at, copies);
    }

    /// Goes on with the end of another seed.
    fn splice(&self, input: &mut Vec<u8>, at: usize, random: &mut Random) {
        let other = &self.seeds[random.below(self.seeds.len())];
        let from = random.below(other.len() + 1);
        input.truncate(at);
        input.extend_from_slice(&other[from..]);
    }
}

/// Longer than the longest header block and the longest line that our code looks at.
const LONGEST: usize = 600 * 1024;
