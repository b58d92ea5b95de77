//! The firm of the demo: accounts for six of its eight people, and a catch-all that shares their
//! mail out. What is for the other two lies in the fallback, where "you" see it.

use inhaul_domain::route::RecipientSource;
use inhaul_store::{
    CatchAllSettings, Folder, NewAccount, Routing, RuleSetting, SqliteStore, Store, StoreError,
};
use inhaul_types::Address;

use super::Installation;
use crate::cli::demo::samples::Sample;

/// Those who have accounts.
const PEOPLE: [&str; 6] = ["anna", "ben", "clara", "david", "emma", "frank"];
/// Whose mail of the shop it is, and where they want it.
const SALES: (&str, &str, &str) = ("sales@firm.example", "ben", "Shop");

/// Makes their accounts. Nobody has to sign in there.
pub(super) async fn move_in(store: &SqliteStore) -> Result<(), StoreError> {
    for name in PEOPLE {
        let account = NewAccount {
            name: name.into(),
            addresses: vec![address(&format!("{name}@{}", Sample::Firm.domain()))],
            group: None,
            admin: false,
            password: None,
        };
        store.account_create(account).await?;
    }
    Ok(())
}

/// How the firm's mail is shared out; its fallback is the retrieval's own folder.
pub(super) async fn routing(store: &SqliteStore) -> Result<Routing, StoreError> {
    let (sales, name, folder) = SALES;
    let rule = RuleSetting {
        address: address(sales),
        account: store.account_by_name(name).await?.id,
        account_name: name.into(),
        folder: folder.into(),
    };
    Ok(Routing::CatchAll(CatchAllSettings {
        source: RecipientSource::Header {
            name: "Delivered-To".into(),
            index: 1,
            strip: String::new(),
        },
        domains: vec![Sample::Firm.domain().to_owned()],
        rules: vec![rule],
        ..CatchAllSettings::default()
    }))
}

fn address(text: &str) -> Address {
    text.parse().expect("it is written as an address is")
}

impl Installation {
    /// Every folder that the firm's mail may lie in, and what it is called here: others' folders with
    /// whose they are.
    pub(super) async fn firms_folders(&self) -> Result<Vec<(String, Folder)>, StoreError> {
        let mut all = Vec::new();
        for account in self.store.account_list().await? {
            let is_yours = account.id == self.account;
            for folder in self.store.folder_list(account.id).await? {
                let place = match is_yours {
                    true => folder.name.clone(),
                    false => format!("{}/{}", account.name, folder.name),
                };
                all.push((place, folder));
            }
        }
        Ok(all)
    }
}
