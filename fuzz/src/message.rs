//! Messages that are anything at all.

use inhaul_message::{
    DEPTH_MOST, HEADER_MOST, HeaderBlock, PARTS_MOST, Prefer, Scanner, Structure, Unpacker,
    body_text, fingerprint, header_end, summarize,
};

use crate::choices::Choices;

/// No panic; a prefix never says anything that the whole takes back; a fingerprint depends on the
/// header alone and not on how its lines end; what a list shows is short and of one line; parts lie
/// inside those around them, whatever pieces they come in, and each text can be read.
pub fn message(data: &[u8]) {
    let mut choices = Choices::new(data);
    let cut = usize::from(choices.next()) * 256 + usize::from(choices.next());
    let octets = choices.rest();
    let prefix = &octets[..cut.min(octets.len())];
    check_end(octets, prefix);
    check_fields(octets);
    check_fingerprint(octets);
    check_summary(octets);
    check_parts(octets, prefix.len());
}

fn check_end(octets: &[u8], prefix: &[u8]) {
    let end = header_end(octets);
    if let Some(early) = header_end(prefix) {
        assert_eq!(
            Some(early),
            end,
            "more octets changed where the header ends"
        );
        assert!(early <= prefix.len());
    }
    assert!(end.is_none_or(|end| end <= octets.len().min(HEADER_MOST)));
    let block = HeaderBlock::new(octets);
    assert_eq!(block.octets(), &octets[..end.unwrap_or(octets.len())]);
    assert_eq!(block.len(), block.octets().len());
}

fn check_fields(octets: &[u8]) {
    let block = HeaderBlock::new(octets);
    let mut total = 0;
    for field in block.fields() {
        assert!(!field.name.is_empty());
        assert!(
            field
                .name
                .iter()
                .all(|octet| (0x21..0x7f).contains(octet) || *octet >= 0x80)
        );
        total += field.name.len() + field.value.len();
        if let Ok(name) = str::from_utf8(field.name) {
            assert!(
                block.first(name).is_some(),
                "a field that is not found by its name"
            );
        }
        if total > FIELDS_LOOKED_UP {
            break;
        }
    }
    assert!(total <= block.len());
}

fn check_fingerprint(octets: &[u8]) {
    let block = HeaderBlock::new(octets);
    let whole = fingerprint(&block);
    assert_eq!(
        whole,
        fingerprint(&HeaderBlock::new(block.octets())),
        "the body counted"
    );
    // Dropping the CR of each CR LF may make an empty line out of CR CR LF, and another header.
    let doubled = block.octets().windows(3).any(|three| three == b"\r\r\n");
    if block.len() < HEADER_MOST && !doubled {
        let bare = without_cr_at_ends(block.octets());
        assert_eq!(
            whole,
            fingerprint(&HeaderBlock::new(&bare)),
            "line ends counted"
        );
    }
}

fn without_cr_at_ends(octets: &[u8]) -> Vec<u8> {
    let mut bare = Vec::with_capacity(octets.len());
    for &octet in octets {
        if octet == b'\n' && bare.last() == Some(&b'\r') {
            bare.pop();
        }
        bare.push(octet);
    }
    bare
}

fn check_summary(octets: &[u8]) {
    let whole = summarize(octets);
    let texts = [
        Some(&whole.from),
        Some(&whole.subject),
        whole.message_id.as_ref(),
    ];
    for text in texts.into_iter().flatten() {
        assert!(
            text.chars().count() <= 1000,
            "{} characters",
            text.chars().count()
        );
        assert!(!text.contains(char::is_control), "{text:?}");
    }
    // Only whether there is an attachment may be for the body to say.
    let header = summarize(HeaderBlock::new(octets).octets());
    assert_eq!(
        (&whole.from, &whole.subject, &whole.date, &whole.message_id),
        (
            &header.from,
            &header.subject,
            &header.date,
            &header.message_id
        )
    );
}

fn check_parts(octets: &[u8], cut: usize) {
    let structure = Structure::of(octets);
    let mut scanner = Scanner::new();
    scanner.push(&octets[..cut]);
    scanner.push(&octets[cut..]);
    assert_eq!(scanner.finish(), structure, "pieces made a difference");
    assert!(structure.parts().len() <= PARTS_MOST);
    for (number, part) in structure.parts().iter().enumerate() {
        assert!(part.header.start <= part.header.end && part.header.end <= part.body.start);
        assert!(part.body.start <= part.body.end && part.body.end <= octets.len() as u64);
        let mut depth = 1;
        let mut inside = part;
        while let Some(around) = inside.parent.and_then(|around| structure.part(around)) {
            assert!(around.body.start <= inside.header.start);
            assert!(
                inside.body.end <= around.body.end,
                "part {number} is too long"
            );
            (inside, depth) = (around, depth + 1);
        }
        assert!(depth <= DEPTH_MOST);
    }
    for prefer in [Prefer::Formatted, Prefer::Plain] {
        for text in structure.reading(prefer).texts {
            let part = structure.part(text).expect("a part of it");
            let place = |octet: u64| usize::try_from(octet).expect("a place in memory");
            let body = &octets[place(part.body.start)..place(part.body.end)];
            body_text(
                &part.described,
                &Unpacker::all(part.described.encoding, body),
            );
        }
    }
}

/// Looking each field up by name is quadratic; this much of it is enough.
const FIELDS_LOOKED_UP: usize = 4096;
