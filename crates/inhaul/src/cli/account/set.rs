//! `inhaul account set` and `inhaul account password`.

use clap::Args;
use inhaul_manage::check_account_name;
use inhaul_manage::words::LimitWord;
use inhaul_store::{AccountChange, Store};
use inhaul_types::Address;

use crate::cli::Globals;
use crate::cli::audited::{self, Change};
use crate::cli::output::{print, print_json};
use crate::declared::refuse_written;
use crate::exit::{Exit, Failure};
use crate::secrets::PasswordSource;

#[derive(Args, Debug)]
pub(crate) struct Set {
    /// Which account
    name: String,
    /// Another name to sign in with
    #[arg(long = "name", value_name = "NAME")]
    new_name: Option<String>,
    /// One more address (several allowed)
    #[arg(long = "address", alias = "add-address", value_name = "ADDRESS")]
    add_addresses: Vec<Address>,
    /// An address less (several allowed)
    #[arg(long = "remove-address", value_name = "ADDRESS")]
    remove_addresses: Vec<Address>,
    /// Another group
    #[arg(long)]
    group: Option<String>,
    /// May manage this installation from now on
    #[arg(long, overrides_with = "no_admin")]
    admin: bool,
    /// May not manage this installation any more
    #[arg(long)]
    no_admin: bool,
    /// May sign in from now on
    #[arg(long, overrides_with = "disable")]
    enable: bool,
    /// May not sign in any more; its mail stays
    #[arg(long)]
    disable: bool,
    /// A limit of its own, beside its group's; the tightest one counts: mailbox=5GB; none lifts
    /// it. The words are those of inhaul group set
    #[arg(long = "limit", value_name = "WORD=LIMIT", value_delimiter = ',')]
    limits: Vec<LimitWord>,
}

impl Set {
    pub(super) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        if let Some(name) = &self.new_name {
            check_account_name(name)?;
        }
        let change = AccountChange {
            name: self.new_name,
            add_addresses: self.add_addresses,
            remove_addresses: self.remove_addresses,
            group: self.group,
            admin: either(self.admin, self.no_admin),
            enabled: either(self.enable, self.disable),
            limits: None,
            password: None,
            written_at: None,
        };
        if says_nothing(&change) && self.limits.is_empty() {
            return Err(Failure::usage("nothing is to be changed")
                .hint("Say what, for example --group Staff: see inhaul account set --help."));
        }
        apply(globals, self.name, change, &self.limits).await
    }
}

#[derive(Args, Debug)]
pub(crate) struct NewPassword {
    /// Whose
    name: String,
    #[command(flatten)]
    password: PasswordSource,
}

impl NewPassword {
    pub(super) fn source(&self) -> &PasswordSource {
        &self.password
    }

    pub(super) async fn run(self, globals: &Globals) -> Result<Exit, Failure> {
        let question = format!("New password for {}", self.name);
        let password = self.password.read_or_ask(&question, globals.may_ask())?;
        let change = AccountChange {
            password: Some(password),
            ..AccountChange::default()
        };
        apply(globals, self.name, change, &[]).await
    }
}

async fn apply(
    globals: &Globals,
    name: String,
    mut change: AccountChange,
    limits: &[LimitWord],
) -> Result<Exit, Failure> {
    globals
        .with_store(async |store, _| {
            let account = store.account_by_name(&name).await?;
            if says_what_files_say(&change) {
                refuse_written("account", &account.name, account.written_at.as_deref())?;
            }
            if !limits.is_empty() {
                let mut new = account.limits;
                limits.iter().for_each(|word| word.apply(&mut new));
                change.limits = Some(new);
            }
            let new_name = change.name.clone();
            let has_password = change.password.is_some();
            store.account_change(account.id, change).await?;
            let name = new_name.as_deref().unwrap_or(&name);
            let after = store.account_by_name(name).await?;
            let mut changes = Change::between(&account, &after);
            if has_password {
                changes.push(Change::secret(&after, "password"));
            }
            audited::take_down(&*store, changes).await;
            Ok(())
        })
        .await?;
    if globals.json {
        print_json(&serde_json::json!({ "changed": name }))?;
    } else if !globals.quiet {
        print("Changed.\n")?;
    }
    Ok(Exit::OK)
}

fn either(yes: bool, no: bool) -> Option<bool> {
    match (yes, no) {
        (true, _) => Some(true),
        (false, true) => Some(false),
        (false, false) => None,
    }
}

/// No file says whether an account manages, may sign in and with which password, and no file has
/// limits of its own: commands and pages do that for an account in a file too.
fn says_what_files_say(change: &AccountChange) -> bool {
    change.name.is_some()
        || !change.add_addresses.is_empty()
        || !change.remove_addresses.is_empty()
        || change.group.is_some()
}

fn says_nothing(change: &AccountChange) -> bool {
    change.name.is_none()
        && change.add_addresses.is_empty()
        && change.remove_addresses.is_empty()
        && change.group.is_none()
        && change.admin.is_none()
        && change.enabled.is_none()
}
