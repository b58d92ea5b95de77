//! The body of RETR and TOP on its way.

use std::ops::Range;

use inhaul_types::{MessageNumber, Octets};

use crate::input_buffer::InputBuffer;
use crate::transparency::{Piece, Unstuffer};

/// One message in progress. Holds none of its octets: they go through.
#[derive(Debug)]
pub(super) struct Body {
    number: MessageNumber,
    unstuffer: Unstuffer,
    octets: Octets,
}

/// What became of the next octets.
pub(super) enum BodyStep {
    /// Content, at this place of the input.
    Content(Range<usize>),
    /// The lone dot was read.
    End,
}

impl Body {
    pub(super) fn new(number: MessageNumber) -> Self {
        Self {
            number,
            unstuffer: Unstuffer::new(),
            octets: Octets::ZERO,
        }
    }

    /// Reads as much content at once as there is without a dropped dot in it.
    pub(super) fn advance(&mut self, input: &mut InputBuffer) -> Option<BodyStep> {
        match self.unstuffer.next(input.unread())? {
            Piece::Content { dropped, len } => {
                input.take(dropped);
                self.octets += Octets::of_len(len);
                Some(BodyStep::Content(input.take(len)))
            }
            Piece::End => {
                input.take(Piece::END_LEN);
                Some(BodyStep::End)
            }
        }
    }

    pub(super) fn number(&self) -> MessageNumber {
        self.number
    }

    /// How many octets of content have come.
    pub(super) fn octets(&self) -> Octets {
        self.octets
    }
}
