//! A CSV file of accounts, read into one entry for each account.
//!
//! Files come out of spreadsheets: with a mark in front of the text, with `;` or tabs between the
//! cells where `,` is the decimal point, with `sep=;` as a line of its own, with one line for each
//! address of a person. All of that is understood. Whatever else is odd is a [`Problem`] with its
//! line, and the lines after it are read all the same.

use std::collections::HashMap;

use csv::{ReaderBuilder, StringRecord, Trim};
use inhaul_manage::check_account_name;
use inhaul_manage::words::LimitWord;
use inhaul_types::Address;

/// A file to begin with.
pub(super) const SAMPLE: &str = "\
name,addresses,group,admin,quota
alice,alice@firm.example alice.martin@firm.example,,yes,
petr,petr@firm.example sales@firm.example,,no,5GB
unclaimed,,,,
";

/// What a file says.
#[derive(Debug, Default)]
pub(super) struct Sheet {
    /// One for each account, in the order of their first lines.
    pub(super) entries: Vec<Entry>,
    /// In the order of the lines.
    pub(super) problems: Vec<Problem>,
}

/// What it says of one account.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    /// The first line about it.
    pub(super) line: usize,
    pub(super) name: String,
    /// Each with its line.
    pub(super) addresses: Vec<(usize, Address)>,
    pub(super) group: Option<String>,
    pub(super) admin: Option<bool>,
    pub(super) quota: Option<LimitWord>,
    /// Cells as written, to compare lines about the same account.
    said: [Option<String>; 3],
}

/// Something that is wrong, and where.
#[derive(Clone, Debug, Eq, PartialEq)]
pub(super) struct Problem {
    pub(super) line: usize,
    pub(super) what: String,
}

/// What a column holds.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Column {
    Name,
    Addresses,
    Group,
    Admin,
    Quota,
    /// For people only.
    Note,
}

/// Headings of columns, in lower case.
const HEADINGS: &[(&str, Column)] = &[
    ("name", Column::Name),
    ("account", Column::Name),
    ("user", Column::Name),
    ("username", Column::Name),
    ("login", Column::Name),
    ("addresses", Column::Addresses),
    ("address", Column::Addresses),
    ("email", Column::Addresses),
    ("e-mail", Column::Addresses),
    ("mail", Column::Addresses),
    ("alias", Column::Addresses),
    ("aliases", Column::Addresses),
    ("group", Column::Group),
    ("admin", Column::Admin),
    ("administrator", Column::Admin),
    ("quota", Column::Quota),
    ("mailbox", Column::Quota),
    ("note", Column::Note),
    ("notes", Column::Note),
    ("comment", Column::Note),
];

impl Sheet {
    /// Reads the text of a file.
    pub(super) fn read(text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (skipped, delimiter) = delimiter(text);
        let mut reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .flexible(true)
            .has_headers(false)
            .trim(Trim::All)
            .from_reader(&text.as_bytes()[skipped..]);
        let mut sheet = Self::default();
        let mut columns: Option<Vec<Option<Column>>> = None;
        let mut places = HashMap::new();
        for record in reader.records() {
            // It was text before it was cut into cells.
            let record = record.expect("text in memory is read without fail");
            let start = record.position().map_or(0, |position| position.byte());
            let line = line_at(text, skipped + usize::try_from(start).unwrap_or(usize::MAX));
            match &columns {
                None => columns = Some(sheet.columns(line, &record)),
                Some(columns) => sheet.row(line, columns, &record, &mut places),
            }
        }
        if columns.is_none() {
            sheet.problem(
                1,
                "the file is empty; inhaul account import --sample prints one",
            );
        }
        sheet.problems.sort_by_key(|problem| problem.line);
        sheet
    }

    fn problem(&mut self, line: usize, what: impl Into<String>) {
        let what = what.into();
        self.problems.push(Problem { line, what });
    }

    /// The columns by their headings; what is no heading is `None`, and told.
    fn columns(&mut self, line: usize, headings: &StringRecord) -> Vec<Option<Column>> {
        let mut columns = Vec::new();
        for heading in headings {
            let word = heading.to_lowercase();
            let known = HEADINGS.iter().find(|(name, _)| *name == word);
            let column = known.map(|(_, column)| *column);
            match column {
                None if word.contains("password") => self.problem(
                    line,
                    "passwords do not stand in such a file; remove the column and use inhaul account password",
                ),
                None if word.is_empty() => {}
                None => self.problem(
                    line,
                    format!("the column {heading:?} is not known; there are name, addresses, group, admin, quota and note"),
                ),
                Some(Column::Addresses | Column::Note) => {}
                Some(column) if columns.contains(&Some(column)) => {
                    self.problem(line, format!("the column {heading:?} is there twice"));
                }
                Some(_) => {}
            }
            columns.push(column);
        }
        if !columns.contains(&Some(Column::Name)) {
            self.problem(
                line,
                "the first line names no column \"name\"; inhaul account import --sample prints a file to begin with",
            );
        }
        columns
    }

    fn row(
        &mut self,
        line: usize,
        columns: &[Option<Column>],
        record: &StringRecord,
        places: &mut HashMap<String, usize>,
    ) {
        // A spreadsheet's empty line.
        if record.iter().all(str::is_empty) || !columns.contains(&Some(Column::Name)) {
            return;
        }
        if record
            .iter()
            .skip(columns.len())
            .any(|cell| !cell.is_empty())
        {
            let what = format!(
                "it has {} cells, and there are {} columns",
                record.len(),
                columns.len()
            );
            return self.problem(line, what);
        }
        let cells = |wanted: Column| {
            let cells = columns.iter().zip(record);
            cells.filter_map(move |(column, cell)| {
                (*column == Some(wanted) && !cell.is_empty()).then_some(cell)
            })
        };
        let cell = |wanted| cells(wanted).next().map(str::to_owned);
        let Some(name) = cell(Column::Name) else {
            return self.problem(line, "the name is missing");
        };
        if let Err(bad) = check_account_name(&name) {
            return self.problem(line, bad.to_string());
        }
        let mut problems = Vec::new();
        let mut addresses = Vec::new();
        for word in
            cells(Column::Addresses).flat_map(|cell| cell.split([' ', ';', ',', '\n', '\t', '\r']))
        {
            if word.is_empty() {
                continue;
            }
            match word.parse::<Address>() {
                Ok(address) => addresses.push((line, address)),
                Err(why) => problems.push(format!("{word:?}: {why}")),
            }
        }
        let said = [
            cell(Column::Group),
            cell(Column::Admin),
            cell(Column::Quota),
        ];
        let [group, admin, quota] = said.clone();
        let admin = admin.and_then(|word| yes_or_no(&word).map_err(|why| problems.push(why)).ok());
        let quota = quota.and_then(|size| {
            let word = format!("mailbox={}", size.replace(' ', ""));
            word.parse::<LimitWord>()
                .map_err(|why| problems.push(format!("quota: {why}")))
                .ok()
        });
        let is_whole = problems.is_empty();
        for what in problems {
            self.problem(line, what);
        }
        if !is_whole {
            return;
        }
        let entry = Entry {
            line,
            name,
            addresses,
            group,
            admin,
            quota,
            said,
        };
        match places.get(&entry.name.to_lowercase()) {
            Some(place) => self.one_more_line(*place, entry),
            None => {
                places.insert(entry.name.to_lowercase(), self.entries.len());
                self.entries.push(entry);
            }
        }
    }

    /// One line for each address is a common way to write it; lines that contradict are not.
    fn one_more_line(&mut self, place: usize, more: Entry) {
        let entry = &mut self.entries[place];
        let first = entry.line;
        let contradicts = entry
            .said
            .iter()
            .zip(&more.said)
            .any(|(one, other)| other.is_some() && one != other);
        if contradicts {
            let what = format!(
                "{} stands in line {first} with another group, admin or quota",
                more.name
            );
            return self.problem(more.line, what);
        }
        entry.addresses.extend(more.addresses);
    }
}

/// Octets in front of the headings, and what stands between cells.
fn delimiter(text: &str) -> (usize, u8) {
    let first = text.lines().next().unwrap_or_default();
    if let Some(&[delimiter]) = first.trim_end().strip_prefix("sep=").map(str::as_bytes) {
        let skipped = text.find('\n').map_or(text.len(), |end| end + 1);
        return (skipped, delimiter);
    }
    let count = |delimiter: u8| first.bytes().filter(|octet| *octet == delimiter).count();
    // Where none stands there is one column only, and any would do.
    let most = [b'\t', b';', b',']
        .into_iter()
        .max_by_key(|one| count(*one));
    (0, most.unwrap_or(b','))
}

/// The line, from 1, of the first octet from `start` on that is no line end.
fn line_at(text: &str, start: usize) -> usize {
    let octets = text.as_bytes();
    let start = start.min(octets.len());
    let ends = octets[start..]
        .iter()
        .take_while(|octet| b"\r\n".contains(octet))
        .count();
    let before = octets[..start + ends].iter();
    before.filter(|octet| **octet == b'\n').count() + 1
}

fn yes_or_no(word: &str) -> Result<bool, String> {
    match word.to_lowercase().as_str() {
        "yes" | "y" | "true" | "1" | "x" => Ok(true),
        "no" | "n" | "false" | "0" | "-" => Ok(false),
        _ => Err(format!("admin: {word:?} is neither yes nor no")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> Vec<(usize, String)> {
        let problems = Sheet::read(text).problems.into_iter();
        problems
            .map(|problem| (problem.line, problem.what))
            .collect()
    }

    /// `line name addresses group admin`, one line each.
    fn read(text: &str) -> Vec<String> {
        let sheet = Sheet::read(text);
        assert_eq!(sheet.problems, [], "{text:?}");
        let words = |entry: &Entry| {
            let addresses: Vec<_> = entry
                .addresses
                .iter()
                .map(|(_, one)| one.as_str())
                .collect();
            let group = entry.group.as_deref().unwrap_or("-");
            format!(
                "{} {} [{}] {group} {:?}",
                entry.line,
                entry.name,
                addresses.join(" "),
                entry.admin
            )
        };
        sheet.entries.iter().map(words).collect()
    }

    #[test]
    fn the_sample_is_such_a_file() {
        let [alice, petr, unclaimed] = &read(SAMPLE)[..] else {
            panic!("three accounts");
        };
        assert_eq!(
            alice,
            "2 alice [alice@firm.example alice.martin@firm.example] - Some(true)"
        );
        assert_eq!(
            petr,
            "3 petr [petr@firm.example sales@firm.example] - Some(false)"
        );
        assert_eq!(unclaimed, "4 unclaimed [] - None");
    }

    #[test]
    fn a_file_is_read_whatever_spreadsheet_wrote_it() {
        let wanted = ["2 anna [anna@x.example a@x.example] Staff Some(true)"];
        for text in [
            "name,addresses,group,admin\nanna,anna@x.example a@x.example,Staff,yes\n",
            "\u{feff}Name;E-Mail;Group;Admin\r\nanna;\"anna@x.example; a@x.example\";Staff;X\r\n",
            "name\taddress\taliases\tgroup\tadmin\nanna\tanna@x.example\ta@x.example\tStaff\t1",
            "\"name\",\"addresses\",\"group\",\"admin\"\n\"anna\",\"anna@x.example\na@x.example\",\" Staff \",true\n",
            "group,admin,note,addresses,name\nStaff,y,\"said \"\"hello\"\"\",anna@x.example a@x.example,anna\n,,,,\n",
        ] {
            assert_eq!(read(text), wanted, "{text:?}");
        }
        let text = "sep=;\r\nname;addresses\r\nanna;*@x.example\r\n";
        assert_eq!(read(text), ["3 anna [*@x.example] - None"]);
    }

    #[test]
    fn lines_about_the_same_account_are_one_entry() {
        let text =
            "name,address,group\nanna,a@x.example,Staff\nben,b@x.example,\nAnna,c@x.example,\n";
        let entries = [
            "2 anna [a@x.example c@x.example] Staff None",
            "3 ben [b@x.example] - None",
        ];
        assert_eq!(read(text), entries);
        let text = "name,address,group\nanna,,Staff\nanna,,Board\n";
        let problem = "anna stands in line 2 with another group, admin or quota";
        assert_eq!(told(text), [(3, problem.to_owned())]);
    }

    #[test]
    fn every_problem_is_told_with_its_line() {
        let text = "name,addresses,admin,quota\r\n\r\na/b,,,\r\nben,ben@,maybe,5\r\n,c@x.example,,\r\ndora,\"d@x.example\r\ne\",,\r\nemil,,,,6\r\n";
        let lines: Vec<(usize, bool)> = told(text)
            .iter()
            .map(|(line, what)| (*line, !what.is_empty()))
            .collect();
        let expected = [3, 4, 4, 4, 5, 6, 8].map(|line| (line, true));
        assert_eq!(lines, expected, "{:?}", told(text));
    }

    #[test]
    fn headings_that_are_none_are_told() {
        for (text, why) in [
            ("", "is empty"),
            ("anna,anna@x.example\n", "names no column \"name\""),
            ("name,adresses\nanna,\n", "\"adresses\" is not known"),
            ("name,password\nanna,x\n", "passwords do not stand"),
            ("name,user\nanna,x\n", "there twice"),
        ] {
            let told = told(text);
            assert!(
                told.iter()
                    .any(|(line, what)| *line == 1 && what.contains(why)),
                "{told:?}"
            );
        }
    }
}
