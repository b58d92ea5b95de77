//! Those who come in over the web and the API: sessions, links that let in once, API keys, and how
//! a person wants the pages to be. Start at [`Visitors`].
//!
//! Whoever calls makes the random tokens and gives them out. Here only their hashes are known, so
//! that nothing in the data directory or in a backup lets anybody in.

use std::net::IpAddr;

use async_trait::async_trait;
use inhaul_types::{AccountId, ApiKeyId, Timestamp};

use crate::{Account, NewAccount, StoreError};

/// SHA-256 of a random token. The token itself is never stored.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
pub struct TokenHash(pub [u8; 32]);

/// A session to be begun.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewSession {
    /// What its cookie holds, hashed.
    pub token: TokenHash,
    /// Who signed in.
    pub account: AccountId,
    /// When.
    pub at: Timestamp,
    /// "Keep me signed in": 30 days. How long a session lives is judged by whoever finds it.
    pub kept: bool,
    /// Where from.
    pub address: Option<IpAddr>,
    /// What the browser calls itself; cut at [`NewSession::LONGEST_AGENT`] octets.
    pub agent: String,
}

impl NewSession {
    /// Octets of [`NewSession::agent`].
    pub const LONGEST_AGENT: usize = 200;
    /// Sessions of one account at a time. One more ends the one that was idle longest.
    pub const MOST: u32 = 100;
}

/// A session.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Session {
    /// Which.
    pub token: TokenHash,
    /// Whose.
    pub account: Account,
    /// When it began.
    pub began: Timestamp,
    /// When it was used last, see [`Visitors::session_seen`].
    pub last_seen: Timestamp,
    /// "Keep me signed in".
    pub kept: bool,
    /// Where it began.
    pub address: Option<IpAddr>,
    /// What the browser calls itself.
    pub agent: String,
}

/// What a link is for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum LinkPurpose {
    /// Makes the first administrator.
    SetUp,
    /// Signs this account in.
    SignIn(AccountId),
}

/// A link to be given out.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct NewLink {
    /// What it holds, hashed.
    pub token: TokenHash,
    /// What it is for.
    pub purpose: LinkPurpose,
    /// From then on it is too late.
    pub until: Timestamp,
}

/// What became of the set-up.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum SetUp {
    /// The first administrator is there.
    Done(AccountId),
    /// The link is none, or is used up, or too late.
    BadLink,
    /// There is an administrator who can sign in, link or not.
    AlreadySetUp,
}

/// An API key to be made.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewApiKey {
    /// The key, hashed.
    pub token: TokenHash,
    /// Who acts with it.
    pub account: AccountId,
    /// What a person calls it.
    pub name: String,
    /// When it is made.
    pub at: Timestamp,
}

/// An API key.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ApiKey {
    /// Identity.
    pub id: ApiKeyId,
    /// Who acts with it.
    pub account: Account,
    /// What a person calls it.
    pub name: String,
    /// When it was made.
    pub made: Timestamp,
    /// When it was used last; `None` was never.
    pub last_used: Option<Timestamp>,
}

/// The colours of the pages.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Theme {
    /// As the system has them.
    #[default]
    System,
    /// Light.
    Light,
    /// Dark.
    Dark,
}

impl Theme {
    /// The fixed word of form and API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }
}

/// That a word is no theme.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a theme is system, light or dark")]
pub struct NoTheme;

impl std::str::FromStr for Theme {
    type Err = NoTheme;

    fn from_str(word: &str) -> Result<Self, NoTheme> {
        [Self::System, Self::Light, Self::Dark]
            .into_iter()
            .find(|theme| theme.as_str() == word)
            .ok_or(NoTheme)
    }
}

/// How a person wants the pages to be.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct Preferences {
    /// Colours.
    pub theme: Theme,
    /// Whether single keys do something.
    pub shortcuts: bool,
    /// A name like `Europe/Prague`; `None` is the browser's or the server's.
    pub time_zone: Option<String>,
}

impl Default for Preferences {
    /// Those of somebody who has chosen nothing.
    fn default() -> Self {
        Self {
            theme: Theme::System,
            shortcuts: true,
            time_zone: None,
        }
    }
}

/// A sender whose pictures are always shown.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct TrustedSender {
    /// Its address, in lower case.
    pub address: String,
    /// Since when.
    pub since: Timestamp,
}

impl TrustedSender {
    /// Those of one account. One more takes the place of the oldest.
    pub const MOST: u32 = 1_000;
    /// Octets of an address (RFC 5321 section 4.5.3.1.3, with room). A longer one is never trusted.
    pub const LONGEST: usize = 320;
}

/// Those who come in. Like [`Store`](crate::Store): what returned `Ok` is durable, what failed left
/// nothing behind. What belongs to an account goes with it.
#[async_trait]
pub trait Visitors: Send + Sync {
    /// Begins a session; the account has signed in now. [`StoreError::Missing`] where the account is
    /// gone, or may not sign in any more.
    async fn session_begin(&self, session: NewSession) -> Result<(), StoreError>;
    /// The session of this token. `None`, too, while its account or group may not sign in.
    async fn session_find(&self, token: &TokenHash) -> Result<Option<Session>, StoreError>;
    /// It was used; the account counts as signed in at that time. Nothing happens if it has ended.
    /// A power cut may undo this.
    async fn session_seen(&self, token: &TokenHash, at: Timestamp) -> Result<(), StoreError>;
    /// Ends it. Nothing happens if it has ended.
    async fn session_end(&self, token: &TokenHash) -> Result<(), StoreError>;
    /// Ends all sessions of an account but one, and says how many. A new password, and whatever
    /// keeps the account from signing in, does the same by itself.
    async fn session_end_all(
        &self,
        account: AccountId,
        but: Option<TokenHash>,
    ) -> Result<u64, StoreError>;
    /// The sessions of an account, the one used last first.
    async fn session_list(&self, account: AccountId) -> Result<Vec<Session>, StoreError>;

    /// Makes a link. A new one for the set-up replaces the old one. [`StoreError::Missing`] where
    /// the account is gone.
    async fn link_make(&self, link: NewLink) -> Result<(), StoreError>;
    /// Uses a link for signing in up and says who it lets in: once, and before it is too late.
    /// `None`, too, where the account or its group may not sign in. A new password makes the
    /// account's links useless.
    async fn link_use(
        &self,
        token: &TokenHash,
        now: Timestamp,
    ) -> Result<Option<AccountId>, StoreError>;
    /// Makes the first administrator and uses the link up, in one transaction: of two at the same
    /// time one is [`SetUp::Done`]. The account is an administrator whatever it says of itself, and
    /// has to have a password. A name that is taken is an error, and the link is good for another
    /// try.
    async fn set_up(
        &self,
        token: &TokenHash,
        now: Timestamp,
        account: NewAccount,
    ) -> Result<SetUp, StoreError>;
    /// Whether an administrator is there who can sign in.
    async fn is_set_up(&self) -> Result<bool, StoreError>;

    /// Makes an API key. [`StoreError::Missing`] where the account is gone, [`StoreError::Exists`] where
    /// it has one of this name.
    async fn api_key_make(&self, key: NewApiKey) -> Result<ApiKeyId, StoreError>;
    /// The API key of this token. `None`, too, while its account or group may not sign in.
    async fn api_key_find(&self, token: &TokenHash) -> Result<Option<ApiKey>, StoreError>;
    /// It was used. Nothing happens if it is gone. A power cut may undo this.
    async fn api_key_used(&self, key: ApiKeyId, at: Timestamp) -> Result<(), StoreError>;
    /// The API keys of an account, or all, by the account's name and the key's.
    async fn api_key_list(&self, account: Option<AccountId>) -> Result<Vec<ApiKey>, StoreError>;
    /// Calls an API key something else, or [`StoreError::Missing`], or [`StoreError::Exists`] where its
    /// account has another of this name.
    async fn api_key_rename(&self, key: ApiKeyId, name: String) -> Result<(), StoreError>;
    /// Removes an API key, or [`StoreError::Missing`].
    async fn api_key_remove(&self, key: ApiKeyId) -> Result<(), StoreError>;

    /// What an account has chosen, or what stands for it if it has not.
    async fn preferences(&self, account: AccountId) -> Result<Preferences, StoreError>;
    /// What it has chosen now. [`StoreError::Missing`] where the account is gone.
    async fn set_preferences(
        &self,
        account: AccountId,
        preferences: Preferences,
    ) -> Result<(), StoreError>;

    /// From now on this address is trusted, and says whether that can be: not of what is no address,
    /// or a very long one. Case does not count. [`StoreError::Missing`] where the account is gone.
    async fn trusted_sender_add(
        &self,
        account: AccountId,
        address: &str,
        since: Timestamp,
    ) -> Result<bool, StoreError>;
    /// It is not trusted any more; whether it was.
    async fn trusted_sender_remove(
        &self,
        account: AccountId,
        address: &str,
    ) -> Result<bool, StoreError>;
    /// The trusted senders of an account by address.
    async fn trusted_senders(&self, account: AccountId) -> Result<Vec<TrustedSender>, StoreError>;
    /// Whether the account trusts this very address. Anybody can write it into a message.
    async fn is_trusted(&self, account: AccountId, address: &str) -> Result<bool, StoreError>;
}
