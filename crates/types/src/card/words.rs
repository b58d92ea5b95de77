//! The words of every card.
//!
//! A text has places in braces that `fill` replaces: `{server}` and `{Server}` (at the start of a
//! sentence), `{on_port}`, `{set:...}` for a command that changes the retrieval, and so on; its
//! table lists them all. Each place has a text for the case that nothing is known. A step that
//! becomes empty is left out.
//!
//! The waits named here are those of the schedule.

mod certificate;

use super::{Detail, Facts, Occasion, Spoken};
use crate::ErrorCode;
use certificate::certificate;

/// One card's words.
#[derive(Clone, Copy, Debug)]
pub(super) struct Words {
    /// Headline, without a full stop.
    pub(super) title: &'static str,
    pub(super) what: &'static str,
    pub(super) todo: &'static [&'static str],
    pub(super) next: &'static str,
    /// The one command that comes next; may be empty.
    pub(super) command: &'static str,
}

/// Where settings were tried out only.
pub(super) const NEXT_TRIAL: &str = "Nothing was saved, and no mail was touched.";

const NEXT_AFTER_REFUSAL: &str = "inhaul tries again after 15 minutes, 1 hour and 6 hours, then once a day, so that {server} does not lock the mailbox; and at once when the password is changed. Mail waits safely on {server}.";
const NEXT_AFTER_TOKEN: &str = "inhaul tries again after 15 minutes, 1 hour and 6 hours, then once a day, so that {server} does not lock the mailbox. Mail waits safely on {server}.";
const NEXT_WITHOUT_PASSWORD: &str = "inhaul sends no password. It tries again after 15 minutes, 1 hour, then every 6 hours. Mail waits safely on {server}.";
const NEXT_FAILURE: &str = "inhaul tries again by itself and waits longer after each failure, at most 60 minutes. Mail waits safely on {server}.";

const CHECK_ON_WEBSITE: &str = "Sign in on {provider_site} to check the password.";
const OTHER_TOKEN_COMMAND: &str = "{set:--token-command COMMAND}";
const ENTER_PASSWORD: &str = "Enter the password here again: {set:--password}.";
const OTHER_PORT: &str = "Try {other_port}.";

/// The exit status; see `docs/exit-codes.md`.
pub(super) fn exit_status(code: ErrorCode) -> u8 {
    use ErrorCode::*;
    match code {
        TooLarge | MessageRefused | NotDeleted | Loop => 0,
        NameNotFound => 68,
        BrokeDown => 70,
        DiskFull | DataDamaged => 74,
        NoAnswer | MailboxInUse | TooOften | CutOff | IdsChanged | MailboxFull | DataInUse
        | ServerBusy | QueueFull | LimitReached => 75,
        Certificate | NoEncryption | StlsRefused | NotPop3 | BadAnswer => 76,
        AuthRefused | AuthAppPassword | AuthNotPossible | PopSwitchedOff | ServerRefuses
        | ServerNotAllowed => 77,
        DataTooNew | WrongKey => 78,
    }
}

/// The words for a code, as particular as the facts allow.
pub(super) fn choose(code: ErrorCode, facts: &Facts) -> Words {
    let general = match facts.occasion {
        Occasion::Run => general(code),
        Occasion::Trial => of_trial(code, general(code)),
    };
    match (&facts.detail, facts.occasion) {
        (None, _) => general,
        // A trial brings no mail that could be half there.
        (Some(Detail::Cut { .. } | Detail::Stopped | Detail::TooSlow), Occasion::Trial) => general,
        (Some(detail), _) => particular(code, detail, general),
    }
}

/// Where nothing is saved yet, nothing comes with the next check.
fn of_trial(code: ErrorCode, general: Words) -> Words {
    use ErrorCode::*;
    let todo: &[&str] = match code {
        CutOff => {
            return Words {
                what: "It ended before inhaul had seen whether the settings work.",
                todo: &["Run this command once more."],
                ..general
            };
        }
        BrokeDown => &["Run this command once more. If it happens again, report it."],
        ServerBusy => &["Wait a few minutes and run this command once more."],
        MailboxInUse | TooOften => &["Wait a few minutes and run this command once more."],
        BadAnswer => &[
            "Run this command once more.",
            "If it happens every time, ask the provider.",
        ],
        _ => general.todo,
    };
    Words { todo, ..general }
}

/// The words for a code alone.
fn general(code: ErrorCode) -> Words {
    use ErrorCode::*;
    match code {
        AuthRefused => Words {
            title: "{Server} refuses the password",
            what: "{says} the name or password is wrong.",
            todo: &[
                CHECK_ON_WEBSITE,
                "If it works there, {provider} may want an app password, or POP may be switched off: look in the mail settings on {provider_site}.",
                ENTER_PASSWORD,
            ],
            next: NEXT_AFTER_REFUSAL,
            command: "{set:--password}",
        },
        AuthAppPassword => Words {
            title: "{Provider} wants an app password",
            what: "Your normal password works on their website, but not in programs such as inhaul.",
            todo: &[
                "Create an app password {app_password_at}.",
                "Enter it here instead of your normal one: {set:--password}.",
                "{pop_switch_too}",
            ],
            next: NEXT_AFTER_REFUSAL,
            command: "{set:--password}",
        },
        AuthNotPossible => Words {
            title: "{Provider} does not allow passwords any more",
            what: "{passwords_gone}",
            todo: &[
                "If a program of yours can fetch an OAuth token for {provider}, inhaul signs in with that: {set:--token-command COMMAND}.",
                "If not, forward mail from {provider} to a mailbox that inhaul can read.",
            ],
            next: "inhaul does not try this mailbox by itself until its settings are changed. Mail stays safely on {server}.",
            command: "",
        },
        PopSwitchedOff => Words {
            title: "POP is switched off for this mailbox",
            what: "{Provider} lets programs in only after you allow it.",
            todo: &[
                "On {provider_site}: {pop_switch}.",
                "Then try again: {pull}.",
            ],
            next: NEXT_AFTER_REFUSAL,
            command: "{pull}",
        },
        NameNotFound => Words {
            title: "There is no server {called}",
            what: "The name is not in the internet's address book (DNS).",
            todo: &[
                "Check the spelling. {typical_names}.",
                "Correct it: {set:--server HOST}.",
            ],
            next: "inhaul tries again by itself, because the name may come back, and waits longer after each failure, at most 60 minutes.",
            command: "{set:--server HOST}",
        },
        NoAnswer => Words {
            title: "{Server} does not answer",
            what: "There was no reply in time, or the connection was refused.",
            todo: NO_ANSWER_TODO,
            next: NEXT_FAILURE,
            command: "{pull}",
        },
        Certificate => Words {
            title: "{Server} could not prove who it is",
            what: "Its certificate has expired, is for another name, or is signed by nobody this server knows.",
            todo: &[
                "Expired: wait for the provider, or tell them.",
                "Wrong name: use the name in the certificate as the server: {set:--server HOST}.",
                "Your own server: trust the authority that signed its certificate: {set:--ca-file FILE}.",
            ],
            next: NEXT_WITHOUT_PASSWORD,
            command: "",
        },
        NoEncryption => Words {
            title: "{Server} offers no encryption{on_port}",
            what: "Your password would cross the internet readable by others.",
            todo: &[
                OTHER_PORT,
                "If the provider really has none, ask an administrator.",
            ],
            next: NEXT_WITHOUT_PASSWORD,
            command: "",
        },
        StlsRefused => Words {
            title: "{Server} offered encryption and then refused it",
            what: "Your password would have crossed the internet readable by others.",
            todo: &[
                OTHER_PORT,
                "If that fails too, tell the provider: their server promises encryption and does not begin it.",
            ],
            next: NEXT_WITHOUT_PASSWORD,
            command: "",
        },
        MailboxInUse => Words {
            title: "Someone else is reading this mailbox",
            what: "POP3 lets in one program at a time.",
            todo: &[
                "Wait. It is usually a phone or another program checking at the same moment.",
                "If it happens every time, make that program check less often.",
            ],
            next: "This does not count as a failure. inhaul tries again after 2 minutes, then after 5, then at the normal interval. Mail waits safely on {server}.",
            command: "{pull}",
        },
        TooOften => Words {
            title: "{Server} asks us to check less often",
            what: "It allows only so many checks in a while.",
            todo: &["Nothing. Only if a script or cron runs `inhaul pull`, let it run less often."],
            next: "This does not count as a failure. inhaul makes this retrieval's interval as long as the server asks. Mail waits safely on {server}.",
            command: "",
        },
        CutOff => Words {
            title: "The line to {server} was cut",
            what: "What had arrived whole by then is stored.",
            todo: &[
                "Nothing. The rest comes with the next check.",
                "If it happens every time, look at what lies in between: a firewall, a virus scanner or a weak connection.",
            ],
            next: NEXT_AFTER_CUT,
            command: "{pull}",
        },
        IdsChanged => Words {
            title: "{Server} calls all its messages new",
            what: "It renumbered its mailbox.",
            todo: &["Nothing. inhaul recognises the messages it has and brings only the others."],
            next: "No message comes twice. What was recognised in this way is not deleted on {server} for 24 hours.",
            command: "",
        },
        TooLarge => Words {
            title: "A message is too large and was left on {server}",
            what: "It is larger than the limit of this account.",
            todo: &["Read it on {provider_site}, or ask an administrator to raise the limit."],
            next: "inhaul remembers it and does not try it again each time. All other messages come.",
            command: "",
        },
        MailboxFull => Words {
            title: "Your mailbox here is full",
            what: "New mail waits on {server}.",
            todo: &["Delete large messages here, or ask an administrator for more space."],
            next: "inhaul brings nothing to this mailbox until there is room, and keeps counting what waits. Nothing is lost.",
            command: "",
        },
        DiskFull => Words {
            title: "This server's disk is full",
            what: "No mail is being brought in. Nothing was lost: mail waits on the remote servers.",
            todo: &[
                "Free space on the disk of {path}.",
                "Then try again: {pull}.",
            ],
            next: "inhaul begins no run until there is room.",
            command: "",
        },
        NotPop3 => Words {
            title: "The program at {address} does not speak POP3",
            what: "It greets like something else.{it_said}",
            todo: &["{usual_port}", CHECK_NAME],
            next: NEXT_WITHOUT_PASSWORD,
            command: "{usual_command}",
        },
        DataInUse => Words {
            title: "This has to wait: another inhaul uses the data directory",
            what: "Only one inhaul may use {path} at a time.",
            todo: &["Stop the other one, or wait until it is done; then run the command again."],
            next: "Nothing was changed.",
            command: "",
        },
        DataDamaged => Words {
            title: "The data directory is damaged",
            what: "inhaul cannot read back what it stored{because}.",
            todo: &[
                "Stop inhaul and check the disk that {path} is on.",
                "Put the data directory back from your last backup.",
            ],
            next: "inhaul refuses to work with what it cannot trust. Mail that was not brought yet waits safely on the remote servers.",
            command: "",
        },
        DataTooNew => Words {
            title: "The data directory is of a newer inhaul",
            what: "This inhaul does not know its layout.",
            todo: &["Use the newer inhaul again, or a data directory that this one made."],
            next: "Nothing was changed.",
            command: "",
        },
        WrongKey => Words {
            title: "The stored passwords cannot be opened",
            what: "They are sealed with another key than the one in {key_file}.",
            todo: &[
                "Put the right key back into {key_file}.",
                "If it is lost for good, put 32 random octets into {key_file} (head -c 32 /dev/urandom) and let nobody else read it (mode 0600).",
                "Then enter each password again: {set:--password}.",
            ],
            next: "inhaul does not sign in without a password. Mail waits safely on the remote servers.",
            command: "",
        },
        MessageRefused => Words {
            title: "{Server} would not hand over a message",
            what: "It listed the message and then refused to send it.",
            todo: &["Nothing. To see the message, look on {provider_site}."],
            next: "inhaul remembers it and never deletes it there. All other messages come.",
            command: "",
        },
        ServerBusy => Words {
            title: "{Server} has a trouble of its own",
            what: "It answers, but cannot open the mailbox at the moment.",
            todo: &["Nothing. If it goes on for hours, ask the provider."],
            next: NEXT_FAILURE,
            command: "{pull}",
        },
        ServerRefuses => Words {
            title: "{Server} refuses to open this mailbox",
            what: "It does not mean the password, and it will not pass by itself.",
            todo: &[
                "Sign in on {provider_site}: the mailbox may be closed, moved or full.",
                "If it looks well there, show the provider what their server said.",
            ],
            next: "inhaul tries again after 15 minutes, 1 hour and 6 hours, then once a day. Mail waits safely on {server}.",
            command: "{pull}",
        },
        BadAnswer => Words {
            title: "{Server} gives answers that make no sense",
            what: "inhaul lost step with it and ended the check{because}.",
            todo: &[
                "Nothing, if it happened once.",
                "If it happens every time, show the conversation to whoever runs the server: {converse}.",
            ],
            next: NEXT_FAILURE,
            command: "{converse}",
        },
        QueueFull => Words {
            title: "Too many checks are waiting",
            what: "inhaul checks only so many mailboxes at once, and the queue behind them is full.",
            todo: &[
                "Nothing. If it happens often, an administrator can allow more at once: `at_once` under `[checks]` in the configuration.",
            ],
            next: "This check was not begun. The next one comes at its usual time. Mail waits safely on {server}.",
            command: "",
        },
        LimitReached => Words {
            title: "A limit of this account is reached",
            what: "Its group allows only so much in a while.",
            todo: &["Wait, or ask an administrator to raise the limit."],
            next: "inhaul goes on when the limit allows it. Mail waits safely on {server}.",
            command: "",
        },
        ServerNotAllowed => Words {
            title: "{Server} may not be used here",
            what: "Retrievals of this group reach public mail servers only, on the ports for POP3.",
            todo: &[
                "Check the name and the port of the server (usually 995).",
                "If it is right, ask an administrator to add the mailbox for you.",
            ],
            next: "inhaul has not connected to it. It looks again like after any failure, in case the name leads elsewhere then.",
            command: "",
        },
        BrokeDown => Words {
            title: "A check broke down",
            what: "That is a mistake of inhaul's own. Everything that was stored before is safe.",
            todo: &[
                "Nothing at first: the next check begins anew.",
                "If it happens again, report it with what is in the log.",
            ],
            next: "inhaul tries again like after any failure, and less often each time. Other mailboxes are not affected. Mail waits safely on {server}.",
            command: "",
        },
        NotDeleted => Words {
            title: "{Server} still lists a message that it had deleted",
            what: "The message is stored here. {Server} confirmed that its own copy is gone, and lists it again.",
            todo: &["Nothing. If the copy stays, delete it on {provider_site}."],
            next: "inhaul asks for the deletion in 2 more runs, then once a day. The message does not come twice.",
            command: "",
        },
        Loop => Words {
            title: "{Server} is an inhaul too and has a message that is here already",
            what: "This account holds the very same message. Two installations read each other, or one reads itself.",
            todo: &[
                "Nothing if that is meant: no message goes round.",
                "If it is not, look which mailboxes inhaul reads (inhaul retrieval list).",
            ],
            next: "The message stays on {server}; inhaul remembers it, never deletes it there and does not ask for it again.",
            command: "",
        },
    }
}

const NO_ANSWER_TODO: &[&str] = &[
    "If other mailboxes work, the server is down or the port is wrong: wait, or check the port (usually 995).",
    "If none work, a firewall may block {the_port}.",
];
const CHECK_NAME: &str = "If that fails too, ask the provider for the name of their POP3 server.";
const NEXT_AFTER_CUT: &str = "Half messages are never kept, and nothing is deleted on {server} that is not stored here. inhaul goes on where it stopped with the next check.";

/// The words for a code where more is known.
fn particular(code: ErrorCode, detail: &Detail, general: Words) -> Words {
    use ErrorCode::*;
    match (code, detail) {
        (NoAnswer, detail) => no_answer(detail, general),
        (Certificate, Detail::Certificate(fact)) => certificate(fact, general),
        (NotPop3, Detail::Speaks(spoken)) => not_pop3(*spoken, general),
        (CutOff, detail) => cut_off(detail, general),
        (AuthRefused, Detail::PasswordCommand { .. }) => Words {
            title: "The program that gives the password for {server} failed",
            what: "inhaul got no password from it{because}.",
            todo: &[
                "Run the program yourself, as the user that inhaul runs as: its first line must be the password.",
                "Or let inhaul keep the password: {set:--password}.",
            ],
            ..general
        },
        (AuthRefused, Detail::PasswordFile { .. }) => Words {
            title: "The file with the password for {server} cannot be used",
            what: "inhaul got no password from {path}{because}.",
            todo: &[
                "Put the password into the file, on one line, and let the user that inhaul runs as read it.",
                "The file is read again each time; a reload of the configuration (systemctl reload inhaul) tries it at once.",
            ],
            ..general
        },
        (AuthRefused, Detail::Unspeakable) => Words {
            title: "The name or password for {server} cannot be sent",
            what: "It holds a line end or another character that POP3 cannot carry, so nothing was sent.",
            todo: &[ENTER_PASSWORD, "If the name is wrong: {set:--user NAME}."],
            ..general
        },
        (AuthRefused, Detail::TokenCommand { .. }) => Words {
            title: "The program that gives the token for {server} failed",
            what: "inhaul got no token from it{because}.",
            todo: &[
                "Run the program yourself, as the user that inhaul runs as: its first line must be the token.",
                "Or name another program: {set:--token-command COMMAND}.",
            ],
            next: NEXT_AFTER_TOKEN,
            command: OTHER_TOKEN_COMMAND,
        },
        (AuthRefused, Detail::TokenRefused) => Words {
            title: "{Server} refuses the token",
            what: "{says} the token does not open this mailbox.",
            todo: &[
                "Run the program that gives the token: a token that has expired, or was made for something else than POP, is refused.",
                "If the program needs your consent again, give it.",
                "If the name is wrong: {set:--user NAME}.",
            ],
            next: NEXT_AFTER_TOKEN,
            command: OTHER_TOKEN_COMMAND,
        },
        (AuthNotPossible, Detail::NoMechanism { .. }) => Words {
            title: "{Server} knows none of the ways in which inhaul could sign in here",
            what: "It offers {offered}.",
            todo: &[
                "If you chose a way yourself, let inhaul choose: {set:--sign-in auto}.",
                "If it wants OAuth tokens, name a program that gives one: {set:--token-command COMMAND}.",
                "Ask the provider whether a sign-in with name and password can be allowed. If not, forward mail from there to a mailbox that inhaul can read.",
            ],
            ..general
        },
        (AuthNotPossible, Detail::NoStamp) => Words {
            title: "{Server} has no APOP",
            what: "Its greeting lacks the stamp that APOP needs, so nothing was sent.",
            todo: &["Choose another way to sign in, or let inhaul choose: {set:--sign-in auto}."],
            command: "{set:--sign-in auto}",
            ..general
        },
        (BadAnswer, Detail::Unproven { .. }) => Words {
            title: "{Server} did not prove by {mechanism} that it knows the password",
            what: "It may be another server in its place. Nothing was read or deleted there.",
            todo: &[
                "Ask whoever runs the server whether it was changed or replaced.",
                "Until you know, choose no simpler way to sign in: that would tell it the password.",
            ],
            command: "",
            ..general
        },
        (BadAnswer, Detail::Downgraded) => Words {
            title: "{Server} offers a safer sign-in than its list says",
            what: "Somebody may have changed the list on its way here. The password was not told, and nothing was read or deleted there.",
            todo: &[
                "Try from another network: somebody may be in between.",
                "If it is the same there, tell whoever runs the server.",
            ],
            command: "",
            ..general
        },
        (NoEncryption, Detail::NotTls) => Words {
            what: "What answers there does not speak TLS. Your password would cross the internet readable by others.",
            ..general
        },
        (TooOften, Detail::LoginDelay { .. }) => Words {
            what: "It allows one check every {delay}.",
            ..general
        },
        (IdsChanged, Detail::Renumbered { .. }) => Words {
            title: "{Server} calls all {listed} messages new",
            what: "It renumbered its mailbox. We already have {known} of them.",
            ..general
        },
        (TooLarge, Detail::TooLarge { count, largest, .. }) => Words {
            title: if *count == 1 {
                "1 message is too large and was left on {server}"
            } else {
                "{count} messages are too large and were left on {server}"
            },
            what: if largest.is_some() {
                "{largest}. The limit is {limit}."
            } else {
                "The limit is {limit}."
            },
            ..general
        },
        (MailboxFull, Detail::Full { .. }) => Words {
            title: "Your mailbox here is full ({used} of {limit})",
            ..general
        },
        (DataTooNew, Detail::Schema { .. }) => Words {
            what: "{Path} has layout {found}; this inhaul knows layouts up to {known}.",
            ..general
        },
        (DataInUse, Detail::OtherProgram) => Words {
            title: "Another program holds inhaul's database",
            what: "It is no inhaul, and has kept the database locked for several seconds.",
            todo: &[
                "Find it with fuser inhaul.db in the data directory; end it, or wait until it is done.",
                "Then run the command again.",
            ],
            next: "Nothing of this step was stored, and nothing is deleted anywhere that is not stored here.",
            ..general
        },
        (DiskFull, Detail::NoRoom { .. }) => Words {
            what: "{free} are free in {path}, and inhaul leaves {least} free (stop_free in the section storage of the configuration). No mail is being brought in. Nothing was lost: mail waits on the remote servers.",
            ..general
        },
        (DataDamaged, Detail::Unusable { .. }) => Words {
            title: "The data directory cannot be read or written",
            what: "inhaul could not {doing}{because}.",
            todo: &[
                "Check that the disk works and that inhaul may write to its data directory.",
                "Then run the command again.",
            ],
            next: "Nothing of this step was stored, and nothing is deleted anywhere that is not stored here. Mail waits safely on the remote servers.",
            ..general
        },
        _ => general,
    }
}

fn no_answer(detail: &Detail, general: Words) -> Words {
    match detail {
        Detail::NoReply { .. } => Words {
            what: "No reply{on_port} within {seconds} seconds.",
            ..general
        },
        Detail::ConnectionRefused => Words {
            title: "{Server} refuses the connection",
            what: "The computer is there, but nothing takes the call{on_port}.",
            ..general
        },
        Detail::Silent { .. } => Words {
            what: "It took the call{on_port} and then said nothing for {seconds} seconds.",
            todo: &[
                "If it worked before, wait: the server is overloaded.",
                "If it never worked, port and encryption may not belong together: port 995 is TLS from the start, port 110 is not.",
            ],
            ..general
        },
        Detail::Unreachable { .. } => Words {
            title: "{Server} cannot be reached",
            what: "There is no way to it from here{because}.",
            ..general
        },
        Detail::LookUpFailed => Words {
            title: "The name {server_name} could not be looked up",
            what: "The internet's address book (DNS) did not answer.",
            todo: &[
                "Check the internet connection of this computer, and the name server it asks.",
                "If other mailboxes work, wait.",
            ],
            ..general
        },
        Detail::TooSlow => Words {
            title: "{Server} is too slow",
            what: "The check took longer than it may, so it was ended. What had arrived whole by then is stored.",
            todo: &["Nothing. The rest comes with the next check."],
            next: NEXT_AFTER_CUT,
            ..general
        },
        _ => general,
    }
}

fn not_pop3(spoken: Spoken, general: Words) -> Words {
    let todo: &[&str] = match spoken {
        Spoken::Smtp => &[
            "That looks like SMTP, which sends mail. {usual_port}",
            CHECK_NAME,
        ],
        Spoken::Imap => &[
            "That looks like IMAP, another way to read mail. {usual_port}",
            CHECK_NAME,
        ],
        Spoken::Http => &["That looks like a web server. {usual_port}", CHECK_NAME],
        Spoken::Ssh => &[
            "That looks like SSH, for signing in to computers. {usual_port}",
            CHECK_NAME,
        ],
        Spoken::Ftp => &["That looks like FTP, for files. {usual_port}", CHECK_NAME],
        Spoken::Tls => &[
            "That looks like TLS: the server expects encryption from the start. Ask for it: {set:--security tls}.",
            CHECK_NAME,
        ],
        Spoken::Unknown => general.todo,
    };
    Words {
        what: "{It_said}",
        todo,
        command: match spoken {
            Spoken::Tls => "{set:--security tls}",
            _ => general.command,
        },
        ..general
    }
}

fn cut_off(detail: &Detail, general: Words) -> Words {
    match detail {
        Detail::Stopped => Words {
            title: "The check of {server} was stopped",
            what: "It was told to stop before it had begun to bring mail.",
            todo: &["Bring the mail when you like: {pull}."],
            next: "Nothing is lost: the next check brings everything. Mail waits safely on {server}.",
            ..general
        },
        Detail::Cut { wanted: 0, .. } => general,
        Detail::Cut { stored, wanted, .. } if stored >= wanted => Words {
            title: "The line to {server} was cut at the very end",
            what: "All {wanted} messages are stored. The good-bye of the server did not arrive.",
            todo: &["Nothing. What is still to be deleted there, the next check deletes."],
            next: "No message comes twice.",
            ..general
        },
        Detail::Cut { half: Some(_), .. } => Words {
            title: "The line was cut in the middle of message {half} of {wanted}",
            what: "{stored_so_far}",
            next: NEXT_AFTER_CUT,
            ..general
        },
        Detail::Cut { half: None, .. } => Words {
            title: "The line was cut after {stored} of {wanted} messages",
            what: "{stored_so_far}",
            ..general
        },
        _ => general,
    }
}
