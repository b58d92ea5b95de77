//! Accounts, and the groups they are in.

use std::collections::BTreeMap;

use inhaul_domain::limits::Limits;
use inhaul_types::{AccountId, Activation, Address, GroupId, Octets, Secret};

/// An account to be made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Sign-in name, unique.
    pub name: String,
    /// Its addresses; unique across accounts.
    pub addresses: Vec<Address>,
    /// Group by name; `None` is Everyone.
    pub group: Option<String>,
    /// Whether it may manage the installation.
    pub admin: bool,
    /// Hashed by the store with argon2id; `None` makes an account nobody can sign in to yet.
    pub password: Option<Secret>,
}

/// An account.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Account {
    /// Identity.
    pub id: AccountId,
    /// Sign-in name.
    pub name: String,
    /// Its addresses.
    pub addresses: Vec<Address>,
    /// Its group.
    pub group_id: GroupId,
    /// Its group's name.
    pub group: String,
    /// Whether it may manage the installation.
    pub admin: bool,
    /// Whether it may sign in and receive; it may not where its group may not, either.
    pub enabled: bool,
    /// Limits of its own, beside its group's: the tightest one counts ([`inhaul_domain::limits::tightest`]).
    pub limits: Limits,
    /// Messages in all its folders.
    pub messages: u64,
    /// Octets in all its folders.
    pub octets: Octets,
    /// Retrievals that deliver to it.
    pub retrievals: u64,
    /// The configuration file and line (`FILE:LINE`) that alone change its name, addresses and group;
    /// `None` is changed by commands and pages.
    pub written_at: Option<String>,
}

/// What became of a sign-in.
#[expect(
    clippy::large_enum_variant,
    reason = "one for each sign-in, and most of them are a welcome"
)]
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum SignIn {
    /// Nobody has this name, or the password is not theirs. Which of the two is nobody's business.
    Refused,
    /// The password is right, and whoever it belongs to may not sign in.
    SwitchedOff {
        /// Who.
        account: AccountId,
        /// Their whole group may not; otherwise it is the account itself that is switched off.
        by_group: bool,
    },
    /// The password is right.
    Welcome(Account),
}

/// What `account set` changes; `None` and empty lists leave a thing as it is.
#[derive(Clone, Debug, Default)]
pub struct AccountChange {
    /// New sign-in name.
    pub name: Option<String>,
    /// Addresses it gets; unique across accounts.
    pub add_addresses: Vec<Address>,
    /// Addresses it loses; each must be its own.
    pub remove_addresses: Vec<Address>,
    /// New group, by name.
    pub group: Option<String>,
    /// Whether it may manage the installation.
    pub admin: Option<bool>,
    /// Whether it may sign in and receive.
    pub enabled: Option<bool>,
    /// All limits of its own there are now.
    pub limits: Option<Limits>,
    /// New password, hashed by the store with argon2id.
    pub password: Option<Secret>,
    /// The configuration file and line it comes from now; `Some(None)` is none any more.
    pub written_at: Option<Option<String>>,
}

/// What bounds the runs that fill an account.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub struct Allowance {
    /// The tightest of its own limits and its group's.
    pub limits: Limits,
    /// Octets in all its folders.
    pub octets: Octets,
    /// Whether its group lets people name servers with private addresses.
    pub private_networks: bool,
    /// Behind a restore nothing is deleted remotely until an administrator says so.
    pub deletion_paused: bool,
}

/// The group that is always there, under this name.
pub const EVERYONE: &str = "Everyone";

/// What may start a run, and the seconds that lie at least between two runs it starts. What is
/// absent is off.
pub type Triggers = BTreeMap<Activation, u32>;

/// The triggers of a group nobody has changed: all on; opening a folder, which happens most often
/// without anybody waiting for mail, the least often.
pub fn built_in_triggers() -> Triggers {
    let seconds = |activation| match activation {
        Activation::Folder => 300,
        _ => 60,
    };
    Activation::ALL
        .into_iter()
        .map(|activation| (activation, seconds(activation)))
        .collect()
}

/// What people may decide for themselves.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct UsersMay {
    /// Add and change their own retrievals.
    pub edit: bool,
    /// Have mail deleted from remote servers.
    pub delete_remote: bool,
    /// Use connections without encryption.
    pub plain: bool,
    /// Trust a certificate by its fingerprint.
    pub pin_certificate: bool,
    /// Name servers with private addresses.
    pub private_networks: bool,
}

impl UsersMay {
    /// Nothing.
    pub const NOTHING: Self = Self {
        edit: false,
        delete_remote: false,
        plain: false,
        pin_certificate: false,
        private_networks: false,
    };

    /// The fixed words of file, command line and API, in the order in which they are shown.
    pub const WORDS: [&str; 5] = [
        "edit",
        "delete-remote",
        "plain",
        "pin-certificate",
        "private-networks",
    ];

    /// The words of what is allowed.
    pub fn words(self) -> impl Iterator<Item = &'static str> {
        let allowed = [
            self.edit,
            self.delete_remote,
            self.plain,
            self.pin_certificate,
            self.private_networks,
        ];
        Self::WORDS
            .into_iter()
            .zip(allowed)
            .filter_map(|(word, allowed)| allowed.then_some(word))
    }

    /// Exactly what these words allow; the first word that is none of [`Self::WORDS`] otherwise.
    pub fn from_words<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, &'a str> {
        let mut may = Self::NOTHING;
        for word in words {
            *match word {
                "edit" => &mut may.edit,
                "delete-remote" => &mut may.delete_remote,
                "plain" => &mut may.plain,
                "pin-certificate" => &mut may.pin_certificate,
                "private-networks" => &mut may.private_networks,
                _ => return Err(word),
            } = true;
        }
        Ok(may)
    }
}

impl Default for UsersMay {
    /// Their own retrievals, and what becomes of their own mail: nothing that makes a line or an
    /// installation less safe.
    fn default() -> Self {
        Self {
            edit: true,
            delete_remote: true,
            ..Self::NOTHING
        }
    }
}

/// A group: every account is in exactly one.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Group {
    /// Identity.
    pub id: GroupId,
    /// Unique name.
    pub name: String,
    /// Whether its accounts may sign in, and anything may start runs for them.
    pub enabled: bool,
    /// What may start runs for its accounts.
    pub triggers: Triggers,
    /// What its accounts may decide for themselves.
    pub users_may: UsersMay,
    /// Limits of each of its accounts.
    pub limits: Limits,
    /// Accounts in it.
    pub accounts: u64,
    /// Retrievals that deliver to them.
    pub retrievals: u64,
    /// The configuration file and line (`FILE:LINE`) that alone change its triggers, rights and
    /// limits; `None` is changed by commands and pages.
    pub written_at: Option<String>,
}

/// What `group add` and `group set` say; `None` leaves a thing as it is, in a new group as
/// [`built_in_triggers`], the usual [`UsersMay`] and no limits.
#[derive(Clone, Debug, Default)]
pub struct GroupChange {
    /// New name.
    pub name: Option<String>,
    /// Whether its accounts may sign in, and anything may start runs for them.
    pub enabled: Option<bool>,
    /// All triggers that are on now.
    pub triggers: Option<Triggers>,
    /// All that its accounts may decide now.
    pub users_may: Option<UsersMay>,
    /// All limits there are now.
    pub limits: Option<Limits>,
    /// The configuration file and line it comes from now; `Some(None)` is none any more.
    pub written_at: Option<Option<String>>,
}
