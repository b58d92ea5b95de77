//! Seconds and ratios, and their medians.

/// Which way a ratio is put.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Measure {
    /// Dovecot's time by inhaul's: above 1 inhaul is the faster.
    Throughput,
    /// inhaul's time by Dovecot's: below 1 inhaul is the faster.
    Time,
}

/// One figure in all rounds.
#[derive(Debug)]
pub(crate) struct Figures {
    name: &'static str,
    measure: Measure,
    /// Seconds: inhaul's, Dovecot's.
    rounds: Vec<[f64; 2]>,
}

impl Figures {
    pub(crate) fn new(name: &'static str, measure: Measure) -> Self {
        Self {
            name,
            measure,
            rounds: Vec::new(),
        }
    }

    pub(crate) fn add(&mut self, took: [f64; 2]) {
        self.rounds.push(took);
    }

    pub(crate) fn print(&self) {
        let ratio = |[inhaul, dovecot]: &[f64; 2]| match self.measure {
            Measure::Throughput => dovecot / inhaul,
            Measure::Time => inhaul / dovecot,
        };
        println!("{}", self.name);
        for (round, took) in self.rounds.iter().enumerate() {
            let [inhaul, dovecot] = took.map(|seconds| seconds * 1e3);
            println!(
                "  round {:2}   inhaul {inhaul:9.2} ms   Dovecot {dovecot:9.2} ms   {:.3}",
                round + 1,
                ratio(took)
            );
        }
        let (word, wanted) = match self.measure {
            Measure::Throughput => ("throughput", "at least 1.0"),
            Measure::Time => ("time", "at most 1.0"),
        };
        let middle = median(self.rounds.iter().map(ratio).collect());
        println!("  median    {middle:.3} of Dovecot's {word} (wanted: {wanted})\n");
    }
}

/// The middle one, or the mean of the two in the middle; 0 of none.
fn median(mut figures: Vec<f64>) -> f64 {
    figures.sort_by(f64::total_cmp);
    match (figures.len(), figures.len() / 2) {
        (0, _) => 0.0,
        (many, middle) if many % 2 == 1 => figures[middle],
        (_, middle) => f64::midpoint(figures[middle - 1], figures[middle]),
    }
}

#[cfg(test)]
mod tests {
    use super::median;

    #[test]
    fn half_of_all_are_below_the_median() {
        for (figures, middle) in [
            (vec![], 0.0),
            (vec![3.0], 3.0),
            (vec![4.0, 1.0], 2.5),
            (vec![9.0, 1.0, 2.0], 2.0),
        ] {
            assert!((median(figures) - middle).abs() < 1e-9);
        }
    }
}
